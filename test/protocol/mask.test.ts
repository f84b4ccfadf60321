import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readUint32 } from "../../src/protocol/frame-header.js";
import { applyMask, maskBytes, maskWords, rotateMaskKey } from "../../src/protocol/mask.js";
import { hexBytes, toHex } from "./support/frame-bytes.js";

type Mask = typeof applyMask;

/** Each path, and the fewest bytes that it takes. */
const paths: readonly (readonly [string, Mask, number])[] = [
  ["by bytes", maskBytes, 0],
  ["by words", maskWords, 3],
  ["by whichever suits", applyMask, 0],
];

/** RFC 6455 §5.3, word by word: octet i is octet i of the original XOR octet i modulo 4 of the key. */
function maskByTheBook(bytes: Uint8Array, start: number, end: number, key: readonly number[]): number {
  let seen = 0;
  for (let i = start; i < end; i++) {
    bytes[i] = bytes[i]! ^ key[(i - start) % 4]!;
    seen |= bytes[i]!;
  }
  return seen;
}

function keyOf(hex: string): number {
  return readUint32(hexBytes(hex), 0) | 0;
}

const key = fc.uint8Array({ minLength: 4, maxLength: 4 });

/** A part of some bytes, and how far those lie from a word boundary. */
interface Region {
  readonly bytes: Uint8Array;
  readonly alignment: number;
  readonly start: number;
  readonly end: number;
}

/** Regions of `fewest` bytes or more. */
function regionOf(fewest: number): fc.Arbitrary<Region> {
  const length = fc.oneof(fc.integer({ min: fewest, max: 40 }), fc.integer({ min: 240, max: 600 }));
  return fc
    .record({ length, seed: fc.nat(255), alignment: fc.nat(7), before: fc.nat(9), after: fc.nat(9) })
    .map((shape) => ({
      bytes: Uint8Array.from(
        { length: shape.before + shape.length + shape.after },
        (_, index) => (index * 37 + shape.seed) & (index % 5 === 0 ? 0xff : 0x7f),
      ),
      alignment: shape.alignment,
      start: shape.before,
      end: shape.before + shape.length,
    }));
}

function aligned(bytes: Uint8Array, alignment: number): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(alignment + bytes.length), alignment);
  copy.set(bytes);
  return copy;
}

describe.each(paths)("RFC 6455 §5.3: masking %s", (_, mask, fewest) => {
  const region = regionOf(fewest);

  test("gives the bytes of the RFC's example", () => {
    const bytes = new TextEncoder().encode("Hello");
    mask(bytes, 0, 5, keyOf("37fa213d"));
    expect(toHex(bytes)).toBe("7f9f4d5158");
  });

  test("gives what the RFC's formula gives, at any alignment and with any key, and leaves the rest alone", () => {
    fc.assert(
      fc.property(region, key, ({ bytes, alignment, start, end }, keyBytes) => {
        const expected = bytes.slice();
        const expectedSeen = maskByTheBook(expected, start, end, [...keyBytes]);
        const actual = aligned(bytes, alignment);
        expect(mask(actual, start, end, readUint32(keyBytes, 0) | 0)).toBe(expectedSeen);
        expect(toHex(actual)).toBe(toHex(expected));
      }),
      { numRuns: 200 },
    );
  });

  test("twice gives the original", () => {
    fc.assert(
      fc.property(region, key, ({ bytes, alignment, start, end }, keyBytes) => {
        const twice = aligned(bytes, alignment);
        mask(twice, start, end, readUint32(keyBytes, 0) | 0);
        mask(twice, start, end, readUint32(keyBytes, 0) | 0);
        expect(toHex(twice)).toBe(toHex(bytes));
      }),
      { numRuns: 50 },
    );
  });

  test("in two parts, the key turned in between, gives the same as at once", () => {
    fc.assert(
      fc.property(region, key, fc.nat(100), ({ bytes, alignment, start, end }, keyBytes, cut) => {
        fc.pre(cut >= fewest && end - start - cut >= fewest);
        const middle = start + cut;
        const word = readUint32(keyBytes, 0) | 0;
        const parts = aligned(bytes, alignment);
        const seen = mask(parts, start, middle, word) | mask(parts, middle, end, rotateMaskKey(word, middle - start));
        const whole = aligned(bytes, alignment);
        expect(seen).toBe(mask(whole, start, end, word));
        expect(toHex(parts)).toBe(toHex(whole));
      }),
      { numRuns: 100 },
    );
  });

  test("tells of one byte above 0x7F, wherever it is", () => {
    for (let length = 3; length <= 24; length++) {
      for (let where = 0; where < length; where++) {
        const bytes = new Uint8Array(length);
        bytes[where] = 0x80;
        expect(mask(bytes, 0, length, 0)).toBe(0x80);
      }
    }
  });
});

describe("a turned mask key", () => {
  test.each([
    [0, "12345678"],
    [1, "34567812"],
    [2, "56781234"],
    [3, "78123456"],
    [4, "12345678"],
    [7, "78123456"],
    [2 ** 31 + 1, "34567812"],
  ])("after %i bytes goes on with the byte that is next", (count, hex) => {
    expect(rotateMaskKey(keyOf("12345678"), count)).toBe(keyOf(hex));
    expect(rotateMaskKey(keyOf("f2345678"), count)).toBe(keyOf(hex.replace("12", "f2")));
  });
});
