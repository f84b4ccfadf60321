import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatSent } from "../../src/cli/echo-log.js";
import { printable, printableJson } from "../../src/cli/printable.js";

/** What no line of output may contain, whoever wrote the message: said here in other words than in the source. */
function isUnsafe(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  const isBidi = code === 0x61c || code === 0x200e || code === 0x200f || (code >= 0x202a && code <= 0x202e);
  const isIsolate = code >= 0x2066 && code <= 0x2069;
  const isLineBreak = code === 0x2028 || code === 0x2029;
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return isControl || isBidi || isIsolate || isLineBreak || isSurrogate;
}

/** Any text, controls and lone surrogates included. */
const anyText = fc.string({ unit: "binary", maxLength: 400 });
const dangerousText = fc.string({
  unit: fc.constantFrom(
    "a",
    "\n",
    "\r",
    "\u001b",
    "\u0000",
    "\u007f",
    "\u009b",
    "\u202e",
    "\u2066",
    "\u2028",
    "\ud800",
    "⚓",
  ),
  maxLength: 400,
});

describe("formatSent()", () => {
  test("prints the address and the message as the tutorial does", () => {
    expect(formatSent("[::1]:58036", "hello")).toBe("[::1]:58036 sent: hello");
  });

  test("leaves letters of every script, emoji and quotes alone", () => {
    const text = `naïve "café" ⚓ 你好 مرحبا 👩‍🚀 \\o/`;
    expect(formatSent("a", text)).toBe(`a sent: ${text}`);
  });

  test.each([
    ["a line feed", "a\nb", String.raw`a\nb`],
    ["a carriage return and a tab", "a\r\tb", String.raw`a\r\tb`],
    ["NUL", "a\0b", String.raw`a\x00b`],
    ["an escape sequence", "\u001b[2J\u001b]0;title\u0007", String.raw`\x1b[2J\x1b]0;title\x07`],
    ["DEL", "\u007f", String.raw`\x7f`],
    ["C1, where CSI is one character", "\u009b31m", String.raw`\x9b31m`],
    ["a bidirectional override", "abc\u202edef", String.raw`abc\u202edef`],
    ["an isolate", "\u2066", String.raw`\u2066`],
    ["a line separator", "\u2028", String.raw`\u2028`],
    ["a byte order mark", "\ufeffa", String.raw`\ufeffa`],
  ])("escapes %s", (_, message, expected) => {
    expect(formatSent("a", message)).toBe(`a sent: ${expected}`);
  });

  test.each([
    [160, "x".repeat(160)],
    [161, `${"x".repeat(160)}… (161 bytes)`],
    [1_000_000, `${"x".repeat(160)}… (1000000 bytes)`],
  ])("shows at most 160 characters, of %i, and tells the length", (length, expected) => {
    expect(formatSent("a", "x".repeat(length))).toBe(`a sent: ${expected}`);
  });

  test("tells the length in bytes and never cuts a character in half", () => {
    const text = `${"x".repeat(159)}👩👩`;
    expect(formatSent("a", text)).toBe(`a sent: ${"x".repeat(159)}… (167 bytes)`);
  });

  test("shows an empty text as what it is, not as the end of a line", () => {
    expect(formatSent("a", "")).toBe("a sent: <text, 0 bytes>");
  });

  test.each([
    [[], "<binary, 0 bytes>"],
    [[0x68], "<binary, 1 byte> 68"],
    [[0x00, 0x0f, 0xff], "<binary, 3 bytes> 00 0f ff"],
    [Array.from({ length: 16 }, () => 1), `<binary, 16 bytes> ${"01 ".repeat(16).trim()}`],
    [Array.from({ length: 17 }, () => 1), `<binary, 17 bytes> ${"01 ".repeat(16).trim()}…`],
  ])("shows binary as its length and first bytes", (bytes, expected) => {
    expect(formatSent("a", Uint8Array.from(bytes))).toBe(`a sent: ${expected}`);
  });

  test("gives one harmless line of bounded length, whatever is sent", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, dangerousText), (message) => {
        const line = formatSent("a", message);
        expect(Array.from(line).filter(isUnsafe)).toEqual([]);
        expect(line.length).toBeLessThan(1100);
      }),
    );
  });
});

describe("printable()", () => {
  test("changes nothing in what it has made printable", () => {
    fc.assert(fc.property(fc.oneof(anyText, dangerousText), (text) => printable(printable(text)) === printable(text)));
  });
});

describe("printableJson()", () => {
  test("gives one harmless line that parses to what it was made of", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, dangerousText), (text) => {
        const json = printableJson({ text });
        expect(Array.from(json).filter(isUnsafe)).toEqual([]);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});
