import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeUtf8, encodeUtf8, utf8Length } from "../../src/internal/utf8.js";

/** Every code point but the surrogates, as texts of 4,096. */
function* everyText(): Generator<string> {
  for (let first = 0; first <= 0x10ffff; first += 0x1000) {
    if (first >= 0xd000 && first < 0xe000) continue;
    yield String.fromCodePoint(...Array.from({ length: 0x1000 }, (_, index) => first + index));
  }
  yield String.fromCodePoint(...Array.from({ length: 0x800 }, (_, index) => 0xd000 + index));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Any UTF-16, lone surrogates among it. */
const anyString = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

describe("RFC 3629 §3: UTF-8", () => {
  test("of every code point is what the platform's encoder writes, and reads back", () => {
    for (const text of everyText()) {
      const bytes = new TextEncoder().encode(text);
      const point = `from U+${text.codePointAt(0)!.toString(16)}`;
      expect(Buffer.compare(encodeUtf8(text), bytes), point).toBe(0);
      expect(decodeUtf8(bytes, 0, bytes.length) === text, point).toBe(true);
      expect(utf8Length(text), point).toBe(bytes.length);
    }
  });

  test.each([
    ["", ""],
    ["\0", "00"],
    ["\u007f", "7f"],
    ["\u0080", "c280"],
    ["\u07ff", "dfbf"],
    ["\u0800", "e0a080"],
    ["\uffff", "efbfbf"],
    ["\u{10000}", "f0908080"],
    ["\u{10ffff}", "f48fbfbf"],
    ["\ud800", "efbfbd"],
    ["\udfff", "efbfbd"],
    ["a\udc00\ud800b", "61efbfbdefbfbd62"],
  ])("of %j is %s", (text, expected) => {
    expect(hex(encodeUtf8(text))).toBe(expected);
    expect(utf8Length(text)).toBe(expected.length / 2);
  });

  test("of any string is what the platform's encoder writes", () => {
    fc.assert(
      fc.property(anyString, (text) => {
        const expected = new TextEncoder().encode(text);
        expect(hex(encodeUtf8(text))).toBe(hex(expected));
        expect(utf8Length(text)).toBe(expected.length);
      }),
      { numRuns: 200 },
    );
  });

  test("is read between two offsets and nowhere else", () => {
    fc.assert(
      fc.property(anyString, fc.nat(5), (text, before) => {
        const bytes = new TextEncoder().encode(text);
        const around = new Uint8Array(before + bytes.length + 3).fill(0xf4);
        around.set(bytes, before);
        expect(decodeUtf8(around, before, before + bytes.length)).toBe(
          new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
        );
      }),
      { numRuns: 100 },
    );
  });
});
