import { describe, expect, test } from "vitest";
import { isColorful, paintIn } from "../../src/cli/paint.js";

describe("isColorful()", () => {
  const terminal = { isTTY: true };

  test("is what terminals are, and nothing else", () => {
    expect(isColorful(terminal, {})).toBe(true);
    expect(isColorful({}, {})).toBe(false);
  });

  test("is refused by NO_COLOR, unless that is empty, and by a dumb terminal", () => {
    expect(isColorful(terminal, { NO_COLOR: "1" })).toBe(false);
    expect(isColorful(terminal, { NO_COLOR: "" })).toBe(true);
    expect(isColorful(terminal, { TERM: "dumb" })).toBe(false);
    expect(isColorful(terminal, { TERM: "xterm-256color" })).toBe(true);
  });
});

describe("paintIn()", () => {
  test("colors a text, or leaves it as it is", () => {
    expect(paintIn(true)("received", "hello")).toBe("\u001b[36mhello\u001b[39m");
    expect(paintIn(false)("received", "hello")).toBe("hello");
  });
});
