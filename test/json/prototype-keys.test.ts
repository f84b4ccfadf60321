import { describe, expect, test } from "vitest";
import { findPrototypeKey } from "../../src/json/prototype-keys.js";

function pathIn(text: string): readonly PropertyKey[] | undefined {
  return findPrototypeKey(text, JSON.parse(text))?.path;
}

describe("findPrototypeKey()", () => {
  test.each<[text: string, path: PropertyKey[]]>([
    ['{"__proto__":{"isAdmin":true}}', ["__proto__"]],
    ['{"__proto__":null}', ["__proto__"]],
    [String.raw`{"\u005f_proto__":1}`, ["__proto__"]],
    [String.raw`{"_\u005Fproto\u005F_":1}`, ["__proto__"]],
    ['[0,{"a":[{"__proto__":1}]}]', [1, "a", 0, "__proto__"]],
    ['{"constructor":{"prototype":{}}}', ["constructor"]],
    [String.raw`{"\u0063onstructor":{"prototype":1}}`, ["constructor"]],
    [String.raw`{"a":{"constructor":{"prototyp\u0065":1}}}`, ["a", "constructor"]],
  ])("finds the key in %s", (text, path) => {
    expect(pathIn(text)).toEqual(path);
  });

  test.each([
    '{"text":"what is __proto__?"}',
    '["__proto__","constructor"]',
    '"__proto__"',
    '{"constructor":"Ferrari"}',
    '{"constructor":{"name":"Ferrari"}}',
    '{"prototype":{"constructor":1}}',
    String.raw`{"caf\u00e9":1}`,
  ])("leaves %s alone", (text) => {
    expect(pathIn(text)).toBeUndefined();
  });

  test("needs no stack for a value that nests a hundred thousand deep", () => {
    const depth = 100_000;
    const path = pathIn(`${"[".repeat(depth)}{"__proto__":1}${"]".repeat(depth)}`);
    expect(path).toHaveLength(depth + 1);
  });
});
