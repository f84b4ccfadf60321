import { isUtf8 as nodeIsUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type IsUtf8, Utf8Validator } from "../../src/protocol/utf8-validator.js";
import { hexBytes, toHex } from "./support/frame-bytes.js";
import { anyText, cutAt } from "./support/traffic.js";

/** How the platform's decoder judges bytes: the offset of the first bad one, or whether a sequence is cut by the end. */
type Verdict = number | "complete" | "cut";

/** The oracle: WHATWG decoding, which fails as soon as a byte cannot be part of a well-formed sequence. */
function verdictOfPlatform(bytes: Uint8Array): Verdict {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let at = 0; at < bytes.length; at++) {
    try {
      decoder.decode(bytes.subarray(at, at + 1), { stream: true });
    } catch {
      return at;
    }
  }
  try {
    decoder.decode();
    return "complete";
  } catch {
    return "cut";
  }
}

function verdictOf(bytes: Uint8Array, validator: Utf8Validator = new Utf8Validator()): Verdict {
  for (let at = 0; at < bytes.length; at++) {
    if (!validator.write(bytes, at, at + 1)) return at;
  }
  return validator.isComplete ? "complete" : "cut";
}

function compareWithPlatform(bytes: Uint8Array): void {
  const expected = verdictOfPlatform(bytes);
  const actual = verdictOf(bytes);
  if (actual !== expected) expect.fail(`${toHex(bytes)}: ${actual}, by the platform ${expected}`);
  const whole = new Utf8Validator();
  if (whole.write(bytes, 0, bytes.length) !== (typeof expected === "string")) expect.fail(`${toHex(bytes)} whole`);
}

/** Bytes at and around each bound of RFC 3629 §4. */
const bounds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xff];
const everyByte = Array.from({ length: 256 }, (_, byte) => byte);

describe("RFC 3629 §4: a UTF-8 validator agrees with the platform's decoder on", () => {
  test("all sequences of one byte and of two", () => {
    for (const first of everyByte) {
      compareWithPlatform(Uint8Array.of(first));
      for (const second of everyByte) compareWithPlatform(Uint8Array.of(first, second));
    }
  });

  test("sequences of three bytes, every first one with the bounds of the others", () => {
    for (const first of everyByte) {
      for (const second of bounds) {
        for (const third of bounds) compareWithPlatform(Uint8Array.of(first, second, third));
      }
    }
  });

  test("sequences of four bytes, from the first ones that have so many and those around", () => {
    const longFirst = everyByte.filter((byte) => byte >= 0xed);
    const inner = [0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0];
    for (const first of longFirst) {
      for (const second of bounds) {
        for (const third of inner) {
          for (const fourth of inner) compareWithPlatform(Uint8Array.of(first, second, third, fourth));
        }
      }
    }
  });

  test("any bytes, valid text with a byte changed among them", () => {
    const damaged = fc.tuple(anyText, fc.nat(), fc.nat(255)).map(([text, where, byte]) => {
      const bytes = new TextEncoder().encode(text);
      if (bytes.length > 0) bytes[where % bytes.length] = byte;
      return bytes;
    });
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 30 }), damaged), compareWithPlatform), { numRuns: 300 });
  });
});

describe("RFC 6455 §8.1: a UTF-8 validator refuses at the first bad byte", () => {
  test.each([
    ["a continuation byte alone", "80", 0],
    ["the last continuation byte alone", "61 bf", 1],
    ["a sequence of two cut by ASCII", "c3 28", 1],
    ["a sequence of three cut by ASCII", "e282 28", 2],
    ["a sequence of four cut by a new one", "f09f98 c3a9", 3],
    ["U+002F in two bytes", "c0af", 0],
    ["U+007F in two bytes", "c1bf", 0],
    ["U+002F in three bytes", "e080af", 1],
    ["U+07FF in three bytes", "e09fbf", 1],
    ["U+002F in four bytes", "f08080af", 1],
    ["U+FFFF in four bytes", "f08fbfbf", 1],
    ["the first surrogate, U+D800", "eda080", 1],
    ["the last surrogate, U+DFFF", "edbfbf", 1],
    ["a pair of surrogates", "61 eda0bd edb880", 2],
    ["U+110000", "f4908080", 1],
    ["a sequence of four from F5", "f5808080", 0],
    ["a sequence of five", "f888808080", 0],
    ["a sequence of six", "fc8480808080", 0],
    ["FE", "fe", 0],
    ["FF", "ff", 0],
    ["UTF-16 with its byte order mark", "fffe", 0],
    ["a bad byte after much that is good", `${"c3a9".repeat(100)}ff`, 200],
  ])("in %s", (_, hex, at) => {
    expect(verdictOf(hexBytes(hex))).toBe(at);
  });
});

describe("a UTF-8 validator takes", () => {
  test.each([
    ["nothing", ""],
    ["the first and last of one byte", "00 7f"],
    ["the first and last of two bytes", "c280 dfbf"],
    ["the first and last of three bytes", "e0a080 efbfbf"],
    ["the first and last of four bytes", "f0908080 f48fbfbf"],
    ["what surrounds the surrogates", "ed9fbf ee8080"],
    ["noncharacters", "efb790 efbfbe"],
  ])("%s", (_, hex) => {
    expect(verdictOf(hexBytes(hex))).toBe("complete");
  });

  test("every bound back to what it was after a narrow sequence", () => {
    for (const narrow of ["e0a080", "ed9fbf", "f0908080", "f48fbfbf"]) {
      for (const next of ["e18080", "e1bfbf", "f1808080", "f1bfbfbf"]) {
        expect(verdictOf(hexBytes(narrow + next))).toBe("complete");
      }
    }
  });

  test("any text, and gives the same answer for any split of its bytes", () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(1000), { maxLength: 6 }), fc.nat(2), (text, at, missing) => {
        const bytes = new TextEncoder().encode(text);
        const cut = bytes.subarray(0, Math.max(0, bytes.length - missing));
        const validator = new Utf8Validator();
        for (const chunk of cutAt(cut, at)) expect(validator.write(chunk, 0, chunk.length)).toBe(true);
        expect(validator.isComplete ? "complete" : "cut").toBe(verdictOfPlatform(cut));
      }),
      { numRuns: 200 },
    );
  });

  test("only the bytes between its offsets", () => {
    const validator = new Utf8Validator();
    expect(validator.write(hexBytes("ff c3a9 ff"), 1, 3)).toBe(true);
    expect(validator.isComplete).toBe(true);
  });
});

describe("a UTF-8 validator that is reset", () => {
  test.each(["c3", "e0", "ed", "f0", "f4", "e2ff", "f0ff"])("forgets what came before (%s)", (hex) => {
    const validator = new Utf8Validator();
    const before = hexBytes(hex);
    validator.write(before, 0, before.length);
    validator.reset();
    expect(validator.isComplete).toBe(true);
    expect(verdictOf(hexBytes("e18080 e1bfbf"), validator)).toBe("complete");
  });
});

describe("a UTF-8 validator with a check of the runtime's own", () => {
  const isUtf8: IsUtf8 = (bytes, start, end) => nodeIsUtf8(bytes.subarray(start, end));

  /** What each of `chunks` is answered, up to the first that is refused, and whether the whole then ends with a sequence. */
  function answers(validator: Utf8Validator, chunks: readonly Uint8Array[]): readonly boolean[] {
    const given: boolean[] = [];
    for (const chunk of chunks) {
      const answer = validator.write(chunk, 0, chunk.length);
      given.push(answer);
      if (!answer) return given;
    }
    return [...given, validator.isComplete];
  }

  const character = fc.constantFrom("a", "é", "ह", "中", "\u{7ff}", "\u{ffff}", "😀", "\u{10ffff}");
  const longText = fc.array(character, { minLength: 40, maxLength: 400 }).map((all) => all.join(""));

  test("answers as one without, for any split, wherever a byte is bad or missing", () => {
    const spoiled = fc.option(
      fc.record({ at: fc.nat(1_200), byte: fc.constantFrom(...bounds, 0xe0, 0xed, 0xf0, 0xf4, 0xf5) }),
    );
    fc.assert(
      fc.property(longText, fc.array(fc.nat(1_200), { maxLength: 3 }), spoiled, (text, at, spoil) => {
        const bytes = new TextEncoder().encode(text);
        if (spoil !== null) bytes[spoil.at % bytes.length] = spoil.byte;
        const chunks = cutAt(bytes, at);
        expect(answers(new Utf8Validator(isUtf8), chunks)).toEqual(answers(new Utf8Validator(), chunks));
      }),
      { numRuns: 2_000 },
    );
  });

  test("asks it for long stretches, from where a sequence begins to where one ends", () => {
    const asked: (readonly [number, number])[] = [];
    const validator = new Utf8Validator((bytes, start, end) => {
      asked.push([start, end]);
      return isUtf8(bytes, start, end);
    });
    const bytes = new TextEncoder().encode("中".repeat(100));
    expect(validator.write(bytes, 0, 100)).toBe(true); // one byte of the 34th character
    expect(validator.write(bytes, 100, 299)).toBe(true);
    expect(validator.write(bytes, 299, 300)).toBe(true);
    expect(validator.isComplete).toBe(true);
    expect(asked).toEqual([
      [0, 99],
      [102, 297],
    ]);
  });
});
