import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { copyBytes, decodeText, isValidUtf8 } from "../../src/connection/received-message.js";

const character = fc.constantFrom("a", "é", "中", "\u{fffd}", "\u{feff}", "\u{0}", "😀", "\u{10ffff}");
const text = fc.array(character, { maxLength: 600 }).map((all) => all.join(""));

describe("the text of a message", () => {
  test("is what was encoded, long or short, wherever it lies", () => {
    fc.assert(
      fc.property(text, fc.nat(9), fc.boolean(), (sent, offset, isPlain) => {
        const encoded = Buffer.from(sent);
        const around = Buffer.alloc(offset + encoded.length + 5, 0xff);
        encoded.copy(around, offset);
        const bytes = isPlain ? new Uint8Array(around.buffer, around.byteOffset, around.length) : around;
        const isAscii = encoded.length === sent.length;
        expect(decodeText(bytes, offset, offset + encoded.length, isAscii)).toBe(sent);
        expect(isValidUtf8(bytes, offset, offset + encoded.length)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps a byte order mark, and is decoded at a length of many megabytes", () => {
    for (const sent of [`\u{feff}${"中".repeat(200)}`, "中".repeat(6_000_000)]) {
      const bytes = Buffer.from(sent);
      expect(decodeText(bytes, 0, bytes.length, false) === sent).toBe(true);
    }
  });
});

describe("the bytes of a message", () => {
  test.each([0, 1, 64, 65, 5_000])("are copied to memory of their own, %i of them", (length) => {
    const source = Buffer.alloc(6_000, 7);
    const copy = copyBytes(source, 500, 500 + length);
    source.fill(0);
    expect(copy).toEqual(new Uint8Array(length).fill(7));
    expect(copy.buffer.byteLength).toBe(length);
    expect(copy.constructor).toBe(Uint8Array);
  });
});
