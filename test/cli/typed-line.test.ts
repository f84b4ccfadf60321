import { describe, expect, test } from "vitest";
import { readTypedLine, TYPED_HELP, type TypedLine } from "../../src/cli/typed-line.js";

/** What a line sends, bytes in hex. */
function sentBy(line: string, isBinary = false): unknown {
  const typed = readTypedLine(line, isBinary);
  if (typed.kind !== "send") return typed;
  return typeof typed.message === "string" ? typed.message : { hex: Buffer.from(typed.message).toString("hex") };
}

describe("readTypedLine()", () => {
  test.each([
    ["hello", "hello"],
    [" hello ", " hello "],
    ['{"a":1}', '{"a":1}'],
    ["//hello", "/hello"],
    ["///", "//"],
    ["/text hello", "hello"],
    ["/text  /help", " /help"],
    ["/text", ""],
    ["/text ", ""],
  ])("sends %j as the text %j", (line, text) => {
    expect(sentBy(line)).toBe(text);
  });

  test.each([
    ["/binary 68 65 6c 6c 6f", "68656c6c6f"],
    ["/binary 00FFff", "00ffff"],
    ["/binary", ""],
    ["/binary base64:aGVsbG8=", "68656c6c6f"],
    ["/binary base64:aGVsbG8", "68656c6c6f"],
    ["/binary base64:", ""],
    ["/binary base64:+/8=", "fbff"],
  ])("sends %j as the bytes %s", (line, hex) => {
    expect(sentBy(line)).toEqual({ hex });
  });

  test("sends lines as bytes under --binary, but not those of /text", () => {
    expect(sentBy("⚓", true)).toEqual({ hex: "e29a93" });
    expect(sentBy("//a", true)).toEqual({ hex: "2f61" });
    expect(sentBy("/text a", true)).toBe("a");
  });

  test.each<[line: string, typed: TypedLine]>([
    ["", { kind: "nothing" }],
    ["/help", { kind: "help" }],
    ["/ping", { kind: "ping", payload: undefined }],
    ["/ping are you there?", { kind: "ping", payload: "are you there?" }],
    [`/ping ${"x".repeat(125)}`, { kind: "ping", payload: "x".repeat(125) }],
    ["/close", { kind: "close", code: undefined, reason: "" }],
    ["/close 4000", { kind: "close", code: 4000, reason: "" }],
    ["/close 1001 good bye", { kind: "close", code: 1001, reason: "good bye" }],
  ])("reads %j", (line, typed) => {
    expect(readTypedLine(line, false)).toEqual(typed);
  });

  test.each([
    ["/hepl", "there is no command /hepl; /help lists them, //TEXT sends a text that begins with /"],
    ["/", "there is no command /;"],
    ["/etc/passwd", "there is no command /etc/passwd;"],
    ["/binary 6", "/binary takes pairs of hexadecimal digits"],
    ["/binary hello", "/binary takes pairs of hexadecimal digits"],
    ["/binary base64:?", "/binary takes pairs of hexadecimal digits"],
    ["/binary base64:aGVsbG8==x", "/binary takes pairs of hexadecimal digits"],
    [`/ping ${"⚓".repeat(42)}`, "a ping has room for 125 bytes"],
    ["/close good bye", "/close takes a code of four digits"],
    ["/close 99999", "/close takes a code of four digits"],
  ])("sends nothing for %j, and says why", (line, why) => {
    const typed = readTypedLine(line, false);
    expect(typed.kind).toBe("mistake");
    expect(typed).toHaveProperty("message", expect.stringContaining(why));
  });

  test("/help names every command", () => {
    const named = Array.from(TYPED_HELP.matchAll(/^ {2}(\/\w+)/gm), ([, name]) => name);
    for (const name of new Set(named)) expect(readTypedLine(`${name}`, false).kind).not.toBe("mistake");
    expect(new Set(named)).toEqual(new Set(["/text", "/binary", "/ping", "/close", "/help"]));
  });
});
