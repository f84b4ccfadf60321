import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listHasToken, parseSubprotocols, selectSubprotocol } from "../../src/protocol/token-list.js";
import { countCharacterReads } from "./support/character-reads.js";

const KIB = 1024;

/** Few characters, so that what is generated is often nearly right. */
const nearlyList = fc.string({
  unit: fc.constantFrom("a", "B", "!", ",", ",", " ", "\t", '"', "=", "/", "\r", "é", "\u212a", "\0"),
  maxLength: 12,
});

describe("RFC 9110 §5.6.1: a comma-separated list names a token", () => {
  test.each([
    ["websocket"],
    ["WebSocket"],
    ["WEBSOCKET"],
    ["h2c, websocket"],
    ["websocket,h2c"],
    ["a,\t websocket \t,b"],
    [",, ,websocket,,"],
    ['"quoted", websocket'],
  ])("in %j", (value) => {
    expect(listHasToken(value, "websocket")).toBe(true);
  });

  test.each([
    [""],
    [","],
    ["websockets"],
    ["web socket"],
    ["websocket/13"],
    ["websocket;q=1"],
    ['"websocket"'],
    ["\u00a0websocket"],
    ["websocket\n"],
    ["websocket\0"],
    ["\u000bwebsocket"],
    ["websoc\u212aet"],
    ["h2c websocket"],
  ])("but not in %j", (value) => {
    expect(listHasToken(value, "websocket")).toBe(false);
  });

  test("wherever one of its elements, without spaces and tabs, is that token in ASCII of any case", () => {
    fc.assert(
      fc.property(nearlyList, (value) => {
        const isThere = new RegExp(String.raw`(?:^|,)[ \t]*[aA][bB]?[ \t]*(?:,|$)`).test(value);
        expect(listHasToken(value, "a") || listHasToken(value, "ab")).toBe(isThere);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the subprotocols of Sec-WebSocket-Protocol", () => {
  test.each([
    [[], []],
    [["chat"], ["chat"]],
    [["chat, superchat"], ["chat", "superchat"]],
    [["b,a"], ["b", "a"]],
    [
      ["z", "y,x", "w"],
      ["z", "y", "x", "w"],
    ],
    [["\tchat \t,\t v2.chat"], ["chat", "v2.chat"]],
    [["chat,Chat,CHAT"], ["chat", "Chat", "CHAT"]],
    [["!#$%&'*+-.^_`|~09azAZ"], ["!#$%&'*+-.^_`|~09azAZ"]],
    [["__proto__, constructor,toString"], ["__proto__", "constructor", "toString"]],
  ])("RFC 6455 §4.1 (10): in %j are, by preference, %j", (values, expected) => {
    expect(parseSubprotocols(values)).toEqual(expected);
  });

  test.each([
    [[",chat"], ["chat"]],
    [["chat,, ,superchat,"], ["chat", "superchat"]],
    [["", "chat"], ["chat"]],
    [["chat", " "], ["chat"]],
  ])("RFC 9110 §5.6.1.2: in %j are %j, the empty elements ignored", (values, expected) => {
    expect(parseSubprotocols(values)).toEqual(expected);
  });

  test.each([
    ["two words", ["chat room"]],
    ["a separator", ["chat/2"]],
    ["a quoted string", ['"chat"']],
    ["a parameter", ["chat;v=2"]],
    ["white space that is neither space nor tab", ["\u00a0chat"]],
    ["a control character", ["chat\u007f"]],
    ["a line break", ["a\r\n b"]],
    ["a letter outside ASCII", ["café"]],
    ["a bad element after good ones", ["a,b", "c,d=e"]],
  ])("RFC 6455 §4.1 (10): are malformed with %s", (_, values) => {
    expect(parseSubprotocols(values)).toBeUndefined();
  });

  test.each([[["a, b, a"]], [["a", "b,a"]], [["a,a"]]])(
    "RFC 6455 §4.1 (10): MUST all be unique, unlike %j",
    (values) => {
      expect(parseSubprotocols(values)).toBeUndefined();
    },
  );

  test.each([[[""]], [[" "]], [[",,"]], [["", "\t"]]])(
    "RFC 6455 §4.3: are at least one where the header is there, unlike %j",
    (values) => {
      expect(parseSubprotocols(values)).toBeUndefined();
    },
  );

  test("are what a regular expression of the grammar takes, from any text", () => {
    const token = String.raw`[!#$%&'*+\-.^_\x60|~0-9A-Za-z]+`;
    const element = String.raw`[ \t]*(?:${token})?[ \t]*`;
    const list = new RegExp(`^${element}(?:,${element})*$`);
    fc.assert(
      fc.property(fc.array(nearlyList, { maxLength: 3 }), (values) => {
        const names = values.flatMap((value) => value.match(new RegExp(token, "g")) ?? []);
        const isValid =
          values.every((value) => list.test(value)) &&
          new Set(names).size === names.length &&
          (names.length > 0 || values.length === 0);
        expect(parseSubprotocols(values)).toEqual(isValid ? names : undefined);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a list of 64 KiB is read in a few steps a character, made of", () => {
  test.each([
    ["commas", ","],
    ["white space", " \t"],
    ["white space and commas", " ,"],
    ["names", "a,"],
    ["one name", "a"],
    ["bad characters", '"'],
    ["names between wide white space", `${" ".repeat(100)}a${" ".repeat(100)},`],
  ])("%s", (_, unit) => {
    const value = unit.repeat((64 * KIB) / unit.length);
    const reads = countCharacterReads(() => [listHasToken(value, "websocket"), parseSubprotocols([value])]);
    expect(reads).toBeLessThanOrEqual(2 * 3 * value.length);
  });
});

describe("RFC 6455 §4.2.2 (4): the subprotocol that a server selects", () => {
  test.each([
    [["chat.v2", "chat.v1"], ["chat.v1", "chat.v2"], "chat.v2"],
    [["chat.v2", "chat.v1"], ["chat.v1"], "chat.v1"],
    [["chat.v2"], ["CHAT.V2"], undefined],
    [["chat.v2"], [], undefined],
    [[], ["chat.v1"], undefined],
  ])("of %j, offered %j, is %j: the server's favourite among those offered", (spoken, offered, selected) => {
    expect(selectSubprotocol(spoken, offered)).toBe(selected);
  });
});
