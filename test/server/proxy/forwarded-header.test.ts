import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readForwarded } from "../../../src/server/proxy/forwarded-header.js";

function elementsOf(field: string): Record<string, string>[] | undefined {
  return readForwarded(field)?.map((each) => Object.fromEntries(each));
}

describe("readForwarded()", () => {
  test.each([
    ["", []],
    ["for=192.0.2.43", [{ for: "192.0.2.43" }]],
    ['For="[2001:db8:cafe::17]:4711"', [{ for: "[2001:db8:cafe::17]:4711" }]],
    ["for=192.0.2.60;proto=http;by=203.0.113.43", [{ for: "192.0.2.60", proto: "http", by: "203.0.113.43" }]],
    ["for=192.0.2.43, for=198.51.100.17", [{ for: "192.0.2.43" }, { for: "198.51.100.17" }]],
    ['for=_gazonk;host="a.example:8080"', [{ for: "_gazonk", host: "a.example:8080" }]],
    ["for=192.0.2.43 ; proto=https\t,\tfor=unknown", [{ for: "192.0.2.43", proto: "https" }, { for: "unknown" }]],
    ['for="a\\"b\\\\c,;="', [{ for: 'a"b\\c,;=' }]],
    [",, for=a,,", [{ for: "a" }]],
    ["for=a;", [{ for: "a" }]],
    ["__proto__=a;for=b", [{ ["__proto__"]: "a", for: "b" }]],
  ])("RFC 7239 §4: reads %j", (field, elements) => {
    expect(readForwarded(field)?.map((each) => [...each])).toEqual(elements.map((each) => Object.entries(each)));
  });

  test.each([
    ["a value without a name", "=a"],
    ["a name without a value", "for"],
    ["an empty value", "for="],
    ["an empty quoted value", 'for=""'],
    ["white space around the equals sign", "for = a"],
    ["an address with colons that is not quoted", "for=192.0.2.43:80"],
    ["brackets that are not quoted", "for=[2001:db8::1]"],
    ["two values", "for=a b"],
    ["text behind a quote", 'for="a"b'],
    ["a parameter twice in one element", "for=a;FOR=b"],
    ["a quote that is left open", 'for="a, for=b'],
    ["a backslash at the end", 'for="a\\'],
  ])("takes %s for malformed", (_what, field) => expect(readForwarded(field)).toBeUndefined());

  test("reads back whatever is quoted as RFC 9110 §5.6.4 has it", () => {
    const text = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (names) => {
        const quoted = names.map((name) => `for="${name.replaceAll(/["\\]/g, "\\$&")}"`).join(", ");
        expect(elementsOf(quoted)).toEqual(names.map((name) => ({ for: name })));
      }),
    );
  });

  test("never throws", () => {
    const noise = fc.string({ unit: fc.constantFrom('"', "\\", ",", ";", "=", "a", " ", "for") });
    fc.assert(fc.property(noise, (field) => void readForwarded(field)));
  });

  test("looks at each character a few times at most, however it is made", () => {
    for (const piece of ['"', "\\", 'a="\\', "a=b;", ",", " ", "a", 'a="b",']) {
      let looked = 0;
      const field = piece.repeat(20_000);
      const counted = {
        length: field.length,
        charCodeAt: (at: number): number => {
          looked++;
          return field.charCodeAt(at);
        },
        slice: (from: number, to: number): string => field.slice(from, to),
      };
      readForwarded(counted as string);
      expect(looked).toBeLessThan(10 * field.length);
    }
  });
});
