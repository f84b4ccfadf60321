import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { startVitest } from "vitest/node";
import { requirement } from "./requirement.js";
import { RequirementReporter } from "./requirement-reporter.js";

interface FixtureRun {
  readonly states: Record<string, string>;
  readonly errors: readonly string[];
  readonly lines: readonly string[];
}

/** Runs requirement.fixture.ts in a vitest of its own, told whether it is on CI. */
async function runFixture(ci: "true" | ""): Promise<FixtureRun> {
  const exitCodeBefore = process.exitCode;
  const lines: string[] = [];
  const vitest = await startVitest("test", [], {
    root: resolve(import.meta.dirname, "../.."),
    config: false,
    watch: false,
    include: ["test/support/requirement.fixture.ts"],
    env: { CI: ci },
    reporters: [new RequirementReporter((line) => lines.push(line))],
  });
  const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  await vitest.close();
  process.exitCode = exitCodeBefore; // the fixture's failures are expected: they are not this run's
  return {
    states: Object.fromEntries(tests.map((each) => [each.fullName, each.result().state])),
    errors: tests.flatMap((each) => each.result().errors?.map((error) => error.message) ?? []),
    lines,
  };
}

describe("requirement()", () => {
  test("answers true and adds no test when what is required is here", () => {
    expect(requirement("process tests: Node", true, "apt-get install nodejs")).toBe(true);
  });

  test("skips what lacks it and ends the run with one line, however many groups of tests lack it", async () => {
    const run = await runFixture("");
    expect(run).toEqual({
      states: {
        "requires parrot tests: Parrot": "skipped",
        "a parrot > speaks": "skipped",
        "a second parrot > answers": "skipped",
        "a process > has an id": "passed",
      },
      errors: [],
      lines: ["SKIPPED: parrot tests: Parrot not found; install it with: apt-get install parrot"],
    });
  });

  test("fails on CI, where nothing may be skipped, and says what to install", async () => {
    const run = await runFixture("true");
    expect(run.states).toEqual({
      "requires parrot tests: Parrot": "failed",
      "a parrot > speaks": "skipped",
      "a second parrot > answers": "skipped",
      "a process > has an id": "passed",
    });
    expect(new Set(run.errors)).toEqual(
      new Set(["parrot tests: Parrot not found; install it with: apt-get install parrot"]),
    );
    expect(run.lines).toEqual([]);
  });
});
