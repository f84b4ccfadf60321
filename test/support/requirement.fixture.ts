import { describe, expect, test } from "vitest";
import { requirement } from "./requirement.js";

// Run by requirement.test.ts only, in a vitest of its own: two groups of tests lack a parrot, one has all it needs.
describe.runIf(requirement("parrot tests: Parrot", false, "apt-get install parrot"))("a parrot", () => {
  test("speaks", () => expect.unreachable());
});

describe.runIf(requirement("parrot tests: Parrot", false, "apt-get install parrot"))("a second parrot", () => {
  test("answers", () => expect.unreachable());
});

describe.runIf(requirement("process tests: Node", true, "apt-get install nodejs"))("a process", () => {
  test("has an id", () => expect(process.pid).toBeGreaterThan(0));
});
