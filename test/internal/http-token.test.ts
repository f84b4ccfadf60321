import { describe, expect, test } from "vitest";
import { isFieldValue, isOptionalWhitespace, isToken, isTokenCharacter } from "../../src/internal/http-token.js";

const everyUnit = Array.from({ length: 0x10000 }, (_, code) => code);

/** RFC 9110 §5.6.2, as the RFC writes it. */
const TCHAR = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;

describe("RFC 9110 §5.6.2: a token", () => {
  test("holds the characters that the RFC lists and no others of 65,536", () => {
    const wrong = everyUnit.filter((code) => isTokenCharacter(code) !== TCHAR.test(String.fromCharCode(code)));
    expect(wrong).toEqual([]);
  });

  test("holds nothing that is no character", () => {
    for (const code of [NaN, -1, 65.5, 0x10041, Infinity]) expect(isTokenCharacter(code)).toBe(false);
  });

  test.each(["a", "websocket", "permessage-deflate", "!#$%&'*+-.^_`|~", "__proto__"])("is %j", (text) => {
    expect(isToken(text)).toBe(true);
  });

  test.each(["", " ", "a ", " a", "a b", "a,b", "a\n", "\0", "é", "aé", '"a"', "a\ud800"])("is not %j", (text) => {
    expect(isToken(text)).toBe(false);
  });
});

describe("RFC 9110 §5.5: a field value", () => {
  test("holds visible ASCII, spaces, tabs and obs-text, and no other of 65,536 characters", () => {
    const wrong = everyUnit.filter((code) => {
      const isAllowed = /^[\t\u0020-\u007e\u0080-\u00ff]$/.test(String.fromCharCode(code));
      return isFieldValue(String.fromCharCode(code)) !== isAllowed;
    });
    expect(wrong).toEqual([]);
  });

  test.each(["", "a", "text/html; charset=utf-8", "caf\u00e9", "\t x \t"])("is %j", (text) => {
    expect(isFieldValue(text)).toBe(true);
  });

  test.each(["a\r\nSet-Cookie: b=c", "a\n", "\ra", "a\0b", "\u007f", "a\u0100", "a\ud83d\ude00"])(
    "is not %j",
    (text) => {
      expect(isFieldValue(text)).toBe(false);
    },
  );
});

describe("RFC 9110 §5.6.3: optional white space", () => {
  test("is a space or a tab and nothing else", () => {
    expect(everyUnit.filter(isOptionalWhitespace)).toEqual([0x09, 0x20]);
  });
});
