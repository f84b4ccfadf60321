import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ExtensionOffer, parseExtensionOffers } from "../../src/protocol/extension-offer.js";
import { countCharacterReads } from "./support/character-reads.js";
import { anyCharacter } from "./support/traffic.js";

const KIB = 1024;

/** Few characters, so that what is generated is often nearly right. */
const nearlyOffer = fc.string({
  unit: fc.constantFrom("a", "b", ",", ";", "=", '"', "\\", " ", "\t", "é", "\r"),
  maxLength: 14,
});

describe("RFC 6455 §9.1: the offers of Sec-WebSocket-Extensions", () => {
  test.each<[string, readonly ExtensionOffer[]]>([
    ["foo", [{ name: "foo", parameters: [] }]],
    [
      "foo, bar; baz=2",
      [
        { name: "foo", parameters: [] },
        { name: "bar", parameters: [{ name: "baz", value: "2" }] },
      ],
    ],
    [
      "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
      [
        {
          name: "permessage-deflate",
          parameters: [
            { name: "client_max_window_bits", value: true },
            { name: "server_max_window_bits", value: "10" },
          ],
        },
      ],
    ],
    ['a; b="c"', [{ name: "a", parameters: [{ name: "b", value: "c" }] }]],
    [String.raw`a; b="\c\d\1"`, [{ name: "a", parameters: [{ name: "b", value: "cd1" }] }]],
    [String.raw`a; b="x\yz"`, [{ name: "a", parameters: [{ name: "b", value: "xyz" }] }]],
    [
      "\t a \t;\t b \t=\t c \t,\t d \t",
      [
        { name: "a", parameters: [{ name: "b", value: "c" }] },
        { name: "d", parameters: [] },
      ],
    ],
    [
      'a ; b = "c" , d',
      [
        { name: "a", parameters: [{ name: "b", value: "c" }] },
        { name: "d", parameters: [] },
      ],
    ],
    [
      "a;b;b;b=1",
      [
        {
          name: "a",
          parameters: [
            { name: "b", value: true },
            { name: "b", value: true },
            { name: "b", value: "1" },
          ],
        },
      ],
    ],
    [
      "a;b=1,a",
      [
        { name: "a", parameters: [{ name: "b", value: "1" }] },
        { name: "a", parameters: [] },
      ],
    ],
    [
      "__proto__; constructor=toString; __proto__=x",
      [
        {
          name: "__proto__",
          parameters: [
            { name: "constructor", value: "toString" },
            { name: "__proto__", value: "x" },
          ],
        },
      ],
    ],
  ])("in %j are read in order", (value, expected) => {
    expect(parseExtensionOffers([value])).toEqual(expected);
  });

  test("are none where there is no header", () => {
    expect(parseExtensionOffers([])).toEqual([]);
  });

  test("RFC 6455 §11.3.2: from several headers are those of one list", () => {
    expect(parseExtensionOffers(["a; b", "c,d"])).toEqual(parseExtensionOffers(["a; b, c, d"]));
  });

  test.each([[[",a,b"]], [["a,,b"]], [["a, ,\t,b"]], [["a,b,"]], [["a,b, , "]], [["", "a", "", "b"]]])(
    "RFC 9110 §5.6.1.2: in %j are two, the empty elements ignored",
    (values) => {
      expect(parseExtensionOffers(values)).toEqual([
        { name: "a", parameters: [] },
        { name: "b", parameters: [] },
      ]);
    },
  );

  test.each([
    ["nothing", ""],
    ["white space only", " \t "],
    ["commas only", ", ,"],
    ["no name before a parameter", "; a"],
    ["no parameter after a semicolon", "a;"],
    ["no parameter between semicolons", "a;;b"],
    ["no parameter before a comma", "a; , b"],
    ["no value after an equals sign", "a; b="],
    ["no value before a semicolon", "a; b=; c"],
    ["an equals sign without a parameter", "a; =b"],
    ["a value of the extension itself", "a=b"],
    ["two values", "a; b=c=d"],
    ["two words", "a b"],
    ["two words as a value", "a; b=c d"],
    ["a character that no token holds", "a/b"],
    ["a letter outside ASCII", "é"],
    ["a line break", "a;\r\n b"],
    ["other white space", "a;\u00a0b"],
    ["an empty quoted string", 'a; b=""'],
    ["an unterminated quoted string", 'a; b="c'],
    ["an unterminated quoted string of nothing", 'a; b="'],
    ["an unterminated quoted string before white space", 'a; b="c '],
    ["an unterminated quoted string before another parameter", 'a; b="c ;d'],
    ["an unterminated quoted string before another offer", 'a; b="c ,d'],
    ["a quoted string that ends in a backslash", 'a; b="c\\'],
    ["a quoted string whose last quote is escaped", String.raw`a; b="c\"`],
    ["a quoted quote, which is no token", String.raw`a; b="\""`],
    ["a quoted backslash, which is no token", String.raw`a; b="\\"`],
    ["a quoted space, which is no token", 'a; b="c d"'],
    ["an escaped space, which is no token", String.raw`a; b="c\ d"`],
    ["a quoted comma, which is no token", 'a; b="c,d"'],
    ["a quoted string over two headers", 'a; b="c'],
    ["text after a quoted string", 'a; b="c"d'],
    ["text and space after a quoted string", 'a; b="c" d'],
    ["a quoted string after text", 'a; b=c"d"'],
    ["a quoted name", '"a"'],
    ["a quoted parameter name", 'a; "b"=c'],
    ["a single quote, which a token may hold, round two words", "a; b='c d'"],
    ["a bad offer after a good one", "a, b;"],
  ])("are malformed with %s (%j)", (_, value) => {
    expect(parseExtensionOffers([value])).toBeUndefined();
    expect(parseExtensionOffers(["good; one=1", value, "last"])).toEqual(
      // Beside another header an empty one is only an empty element of the list.
      /^[\s,]*$/.test(value) ? parseExtensionOffers(["good; one=1, last"]) : undefined,
    );
  });

  test("are malformed with a quoted string over two headers", () => {
    expect(parseExtensionOffers(['a; b="c', 'd"'])).toBeUndefined();
  });

  test("are malformed where they and their parameters are more than 64", () => {
    const offers = (count: number): string => Array.from({ length: count }, () => "a").join(",");
    const parameters = (count: number): string => `a${";b".repeat(count)}`;
    expect(parseExtensionOffers([offers(64)])).toHaveLength(64);
    expect(parseExtensionOffers([offers(65)])).toBeUndefined();
    expect(parseExtensionOffers([offers(40), offers(25)])).toBeUndefined();
    expect(parseExtensionOffers([parameters(63)])?.[0]!.parameters).toHaveLength(63);
    expect(parseExtensionOffers([parameters(64)])).toBeUndefined();
    expect(parseExtensionOffers([`${parameters(31)}, ${parameters(31)}`])).toHaveLength(2);
    expect(parseExtensionOffers([`${parameters(31)}, ${parameters(32)}`])).toBeUndefined();
  });
});

describe("any extension offers", () => {
  const anyToken = fc.string({
    unit: fc.constantFrom(..."!#$%&'*+-.^_`|~019azAZ".split("")),
    minLength: 1,
    maxLength: 5,
  });
  const spaces = fc.string({ unit: fc.constantFrom(" ", "\t"), maxLength: 2 });
  const offer = fc.record({
    name: anyToken,
    parameters: fc.array(fc.record({ name: anyToken, value: fc.oneof(anyToken, fc.constant<true>(true)) }), {
      maxLength: 3,
    }),
  });
  /** How a value is written: bare, quoted, or quoted with every character escaped. */
  const style = fc.constantFrom(
    (value: string) => value,
    (value: string) => `"${value}"`,
    (value: string) => `"${value.replaceAll(/./g, String.raw`\$&`)}"`,
  );

  test("are read back, however they are spaced, quoted and spread over headers", () => {
    fc.assert(
      fc.property(
        fc.array(offer, { minLength: 1, maxLength: 4 }),
        spaces,
        style,
        fc.boolean(),
        (offers, s, write, isOneLine) => {
          const values = offers.map(({ name, parameters }) => {
            const written = parameters.map((parameter) =>
              parameter.value === true
                ? `;${s}${parameter.name}${s}`
                : `;${s}${parameter.name}${s}=${s}${write(parameter.value)}${s}`,
            );
            return `${s}${name}${s}${written.join("")}`;
          });
          expect(parseExtensionOffers(isOneLine ? [values.join(",")] : values)).toEqual(offers);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("are taken exactly where a regular expression of the grammar takes them", () => {
    const token = "[ab]+";
    const space = String.raw`[ \t]*`;
    const value = String.raw`(?:${token}|"(?:\\?[ab])+")`;
    const extension = `${token}(?:${space};${space}${token}(?:${space}=${space}${value})?)*`;
    const list = new RegExp(`^${space}(?:,${space})*${extension}(?:${space},(?:${space}${extension})?)*${space}$`);
    fc.assert(
      fc.property(nearlyOffer, (text) => {
        expect(parseExtensionOffers([text]) !== undefined, text).toBe(list.test(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("never throw", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 20 }), { maxLength: 3 }), (values) => {
        parseExtensionOffers(values);
      }),
      { numRuns: 200 },
    );
  });
});

describe("extension offers of 64 KiB are read in a few steps a character, made of", () => {
  test.each([
    ["one token", "a", ""],
    ["offers", "a,", ""],
    ["parameters", ";b", "a"],
    ["parameters with values", ";b=c", "a"],
    ["white space", " ", ""],
    ["white space between parameters", `;b${" ".repeat(500)}=${"\t".repeat(500)}c`, "a"],
    ["commas", ",", ""],
    ["commas and white space", ", \t", ""],
    ["semicolons", ";", "a"],
    ["equals signs", "=", "a;b"],
    ["quotes", '"', "a;b="],
    ["backslashes", "\\", 'a;b="'],
    ["escaped letters", String.raw`\c`, 'a;b="'],
    ["an unterminated quoted string", "c", 'a;b="'],
    ["quoted values", ';b="c"', "a"],
  ])("%s", (_, unit, before) => {
    const value = before + unit.repeat((64 * KIB) / unit.length);
    expect(countCharacterReads(() => parseExtensionOffers([value]))).toBeLessThanOrEqual(3 * value.length);
  });
});
