import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findSyntaxError } from "../../src/json/json-syntax.js";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Where V8 says that `text` goes wrong, when it does say so. */
function positionByV8(text: string): number | undefined {
  try {
    JSON.parse(text);
  } catch (error) {
    const [, position] = / at position (\d+)/.exec((error as Error).message) ?? [];
    return position === undefined ? undefined : Number(position);
  }
  return undefined;
}

/** JSON with one character replaced, removed or added, mostly by one that means something in JSON. */
const damaged = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom(...Array.from('[]{}",:\\-+.0123456789eEtrufalsn \t\n\r\b\u0000é')),
    fc.constantFrom("replace", "remove", "add"),
  )
  .map(([json, place, character, how]) => {
    const at = place % (json.length + 1);
    const rest = json.slice(how === "add" ? at : at + 1);
    return json.slice(0, at) + (how === "remove" ? "" : character) + rest;
  });

describe("findSyntaxError()", () => {
  test.each([
    ["", 0],
    ["  ", 2],
    ["{", 1],
    ['{"a"', 4],
    ['{"a":', 5],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ["{a:1}", 1],
    ["{'a':1}", 1],
    ["[1,]", 3],
    ["[,1]", 1],
    ["[1 2]", 3],
    ["[1}", 2],
    ["1 2", 2],
    ["01", 1],
    ["-", 1],
    ["+1", 0],
    [".5", 0],
    ["1.", 2],
    ["1.e5", 2],
    ["1e", 2],
    ["1e+", 3],
    ["tru", 3],
    ["trUe", 2],
    ["tfalse", 1],
    ["nul!", 3],
    ["NaN", 0],
    ["undefined", 0],
    ['"abc', 4],
    ['"a\nb"', 2],
    [String.raw`"\x41"`, 2],
    [String.raw`"\u12g4"`, 5],
    ['"\\', 2],
    ["\ufeff{}", 0],
    ["\u00a0{}", 0],
    ["// hi", 0],
  ])("says where %j goes wrong: %i", (text, position) => {
    expect(isJson(text)).toBe(false);
    expect(findSyntaxError(text)).toBe(position);
  });

  test.each([
    "null",
    " true ",
    "-0",
    "0.5e-10",
    "1E+400",
    '""',
    String.raw`"\"\\\/\b\f\n\r\t\u00E9é"`,
    "[]",
    "{ }",
    "[[],{}]",
  ])("finds nothing in %j", (text) => {
    expect(isJson(text)).toBe(true);
    expect(findSyntaxError(text)).toBeUndefined();
  });

  test("agrees with JSON.parse on what JSON is, and with V8 on where it goes wrong", () => {
    fc.assert(
      fc.property(fc.oneof(damaged, fc.json(), fc.string()), (text) => {
        const position = findSyntaxError(text);
        expect(position === undefined).toBe(isJson(text));
        if (position !== undefined) expect(position).toBe(positionByV8(text) ?? position);
      }),
      { numRuns: 5_000 },
    );
  });

  test("needs no stack for a million open brackets", () => {
    const depth = 1_000_000;
    expect(findSyntaxError("[".repeat(depth))).toBe(depth);
    expect(findSyntaxError(`${"[".repeat(depth)}${"]".repeat(depth)}`)).toBeUndefined();
  });
});
