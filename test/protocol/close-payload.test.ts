import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCloseCodeOnWire } from "../../src/protocol/close-code.js";
import {
  buildClosePayload,
  type ClosePayload,
  MAX_REASON_BYTES,
  parseClosePayload,
} from "../../src/protocol/close-payload.js";
import { hexBytes, joinBytes, toHex } from "./support/frame-bytes.js";
import { anyCharacter } from "./support/traffic.js";

function parse(hex: string): ClosePayload | string {
  const bytes = hexBytes(hex);
  return parseClosePayload(bytes, 0, bytes.length);
}

const sendableCode = fc.oneof(
  fc.integer({ min: 1000, max: 1003 }),
  fc.integer({ min: 1007, max: 1014 }),
  fc.integer({ min: 3000, max: 4999 }),
);

const shortReason = fc
  .string({ unit: anyCharacter, maxLength: 60 })
  .filter((reason) => new TextEncoder().encode(reason).length <= MAX_REASON_BYTES);

describe("the payload of a close frame, parsed,", () => {
  test("RFC 6455 §7.1.5: is code 1005 where it is empty", () => {
    expect(parse("")).toEqual({ code: 1005, reason: "" });
  });

  test.each(["00", "03", "ff"])("RFC 6455 §5.5.1: MUST be a code of two bytes, not one (%s)", (hex) => {
    expect(parse(hex)).toBe("close-payload-of-one-byte");
  });

  test("RFC 6455 §5.5.1: begins with the code in network order, each of the 65,536 read or refused", () => {
    const bytes = new Uint8Array(2);
    for (let code = 0; code <= 65535; code++) {
      bytes[0] = code >> 8;
      bytes[1] = code & 0xff;
      const payload = parseClosePayload(bytes, 0, 2);
      const got = typeof payload === "string" ? payload : payload.code;
      if (got !== (isCloseCodeOnWire(code) ? code : "invalid-close-code")) expect.fail(`code ${code} gives ${got}`);
    }
  });

  test.each([
    ["03e8 62796521", "bye!"],
    ["03e8 c3a9e282acf09f9880", "é€😀"],
    ["03e8 efbbbf61", "\u{feff}a"],
    ["03e8 00", "\0"],
    [`03e8 ${"61".repeat(123)}`, "a".repeat(123)],
  ])("RFC 6455 §5.5.1: goes on with a reason in UTF-8 (%s)", (hex, reason) => {
    expect(parse(hex)).toEqual({ code: 1000, reason });
  });

  test.each([
    ["a byte that no text holds", "03e8 ff"],
    ["a continuation byte alone", "03e8 80"],
    ["an overlong form", "03e8 61 c0af"],
    ["a surrogate", "03e8 eda080"],
    ["a code point above U+10FFFF", "03e8 f4908080"],
    ["a cut character", "03e8 61 e282"],
  ])("RFC 6455 §5.5.1: MUST NOT hold %s", (_, hex) => {
    expect(parse(hex)).toBe("invalid-close-reason");
  });

  test("RFC 6455 §7.4: has its code refused before its reason is looked at", () => {
    expect(parse("03ed ff")).toBe("invalid-close-code");
  });

  test("is only what lies between its offsets", () => {
    const bytes = hexBytes("ffff 03e8 6869 ffff");
    expect(parseClosePayload(bytes, 2, 6)).toEqual({ code: 1000, reason: "hi" });
    expect(parseClosePayload(bytes, 2, 4)).toEqual({ code: 1000, reason: "" });
    expect(parseClosePayload(bytes, 2, 2)).toEqual({ code: 1005, reason: "" });
  });
});

describe("the payload of a close frame, built,", () => {
  test("is empty for code 1005, which stands for none", () => {
    expect(buildClosePayload(1005, "")).toEqual(new Uint8Array(0));
  });

  test("is the code in network order and the reason in UTF-8", () => {
    expect(toHex(buildClosePayload(1000, ""))).toBe("03e8");
    expect(toHex(buildClosePayload(4999, "é!"))).toBe("1387c3a921");
  });

  test.each([
    ["1005 with a reason", 1005, "why"],
    ["1004", 1004, ""],
    ["1006", 1006, ""],
    ["1015", 1015, ""],
    ["999", 999, ""],
    ["2999", 2999, ""],
    ["5000", 5000, ""],
    ["1000.5", 1000.5, ""],
    ["NaN", NaN, ""],
    ["66536, which is 1000 in 16 bits", 66536, ""],
  ])("RFC 6455 §7.4: never holds code %s", (_, code, reason) => {
    expect(() => buildClosePayload(code, reason)).toThrow(
      new RangeError(`close code ${code} may not be sent; use 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 §7.4)`),
    );
  });

  test.each([
    ["ASCII", "a".repeat(123), "a".repeat(124), 124],
    ["characters of three bytes", "€".repeat(41), `${"€".repeat(41)}a`, 124],
    ["lone surrogates, three bytes each", "\ud800".repeat(41), "\ud800".repeat(42), 126],
  ])("RFC 6455 §5.5: holds a reason of 123 bytes and no more (%s)", (_, longest, tooLong, bytes) => {
    expect(buildClosePayload(1000, longest).length).toBe(125);
    expect(() => buildClosePayload(1000, tooLong)).toThrow(
      new RangeError(`close reason takes ${bytes} bytes in UTF-8; at most 123 fit (RFC 6455 §5.5)`),
    );
  });

  test("parses to what it was built from", () => {
    fc.assert(
      fc.property(sendableCode, shortReason, fc.uint8Array({ maxLength: 5 }), (code, reason, around) => {
        const payload = buildClosePayload(code, reason);
        const bytes = joinBytes(around, payload, around);
        expect(parseClosePayload(bytes, around.length, around.length + payload.length)).toEqual({ code, reason });
      }),
      { numRuns: 300 },
    );
  });
});

describe("any bytes as the payload of a close frame", () => {
  test("parse to a fault, or to what builds the same bytes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.uint8Array({ maxLength: 12 }).map((rest) => joinBytes(hexBytes("03e8"), rest)),
    );
    fc.assert(
      fc.property(bytes, (payload) => {
        const parsed = parseClosePayload(payload, 0, payload.length);
        if (typeof parsed === "string") return;
        expect(toHex(buildClosePayload(parsed.code, parsed.reason))).toBe(toHex(payload));
      }),
      { numRuns: 300 },
    );
  });
});
