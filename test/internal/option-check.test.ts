import { describe, expect, test } from "vitest";
import {
  checkBoolean,
  checkInstance,
  checkTimeout,
  checkChoice,
  checkFunction,
  checkInteger,
  checkKeys,
  checkLimit,
} from "../../src/internal/option-check.js";

describe("an option that is an integer", () => {
  test.each([
    [undefined, 5],
    [1, 1],
    [9, 9],
  ])("given %j is %j", (value, expected) => {
    expect(checkInteger("size", value, 5, 1, 9)).toBe(expected);
  });

  test.each([0, 10, 1.5, -1, NaN, Infinity, 2 ** 53])("is refused with a RangeError for %d", (value) => {
    expect(() => checkInteger("size", value, 5, 1, 9)).toThrow(
      new RangeError(`option size got ${value}; it takes an integer from 1 to 9`),
    );
  });

  test.each<[unknown, string]>([
    ["7", '"7"'],
    ["x".repeat(40), `"${"x".repeat(40)}"`],
    ["x".repeat(41), "a string of 41 characters"],
    [null, "null"],
    [true, "true"],
    [7n, "7"],
    [Symbol("s"), "Symbol(s)"],
    [[7], "an array"],
    [{ size: 7 }, "an object"],
    [() => "secret", "a function"],
  ])("is refused with a TypeError that says in few words what it got (%o)", (value, got) => {
    const error = new TypeError(`option size got ${got}; it takes an integer from 1 to 9`);
    expect(() => checkInteger("size", value, 5, 1, 9)).toThrow(error);
  });
});

describe("an option that is a boolean", () => {
  test.each([
    [undefined, true],
    [true, true],
    [false, false],
  ])("given %j is %j", (value, expected) => {
    expect(checkBoolean("keep", value, true)).toBe(expected);
  });

  test.each([[0], ["false"], [null], [{}]])("is refused with a TypeError for %j", (value) => {
    expect(() => checkBoolean("keep", value, true)).toThrow("option keep got");
    expect(() => checkBoolean("keep", value, true)).toThrow(TypeError);
  });
});

describe("an option that is a limit", () => {
  test.each([
    [undefined, 5],
    [1, 1],
    [2 ** 31, 2 ** 31],
    [2 ** 32 + 1, 2 ** 32 + 1],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [Infinity, Infinity],
  ])("given %j is %j", (value, expected) => {
    expect(checkLimit("maxMessageBytes", value, 5)).toBe(expected);
  });

  test.each([0, -1, 1.5, NaN, -Infinity, 2 ** 53])("is refused with a RangeError for %d", (value) => {
    expect(() => checkLimit("maxMessageBytes", value, 5)).toThrow(
      new RangeError(`option maxMessageBytes got ${value}; it takes a positive integer, or Infinity for no limit`),
    );
  });

  test.each<[unknown, string]>([
    ["Infinity", '"Infinity"'],
    [null, "null"],
    [1n, "1"],
  ])("is refused with a TypeError for %o", (value, got) => {
    expect(() => checkLimit("maxMessageBytes", value, 5)).toThrow(
      new TypeError(`option maxMessageBytes got ${got}; it takes a positive integer, or Infinity for no limit`),
    );
  });
});

describe("an option that is a time", () => {
  test.each([
    [undefined, 5],
    [1, 1],
    [9, 9],
    [0, Infinity],
  ])("given %j is %j", (value, expected) => {
    expect(checkTimeout("patienceMs", value, 5, 9)).toBe(expected);
  });

  test.each([-1, 10, 0.5, NaN, Infinity])("is refused with a RangeError for %d", (value) => {
    expect(() => checkTimeout("patienceMs", value, 5, 9)).toThrow(
      new RangeError(`option patienceMs got ${value}; it takes milliseconds from 1 to 9, or 0 for off`),
    );
  });

  test("is refused with a TypeError for what is no number", () => {
    expect(() => checkTimeout("patienceMs", "1s", 5, 9)).toThrow(
      new TypeError('option patienceMs got "1s"; it takes milliseconds from 1 to 9, or 0 for off'),
    );
  });
});

describe("an option that is an object of a class", () => {
  test("is that object, or the default", () => {
    const [given, byDefault] = [new Date(1), new Date(2)];
    expect(checkInstance("since", given, byDefault, Date)).toBe(given);
    expect(checkInstance("since", undefined, byDefault, Date)).toBe(byDefault);
  });

  test.each([{}, 5, null, Date])("is refused with a TypeError for %o", (value) => {
    expect(() => checkInstance("since", value as never, new Date(), Date)).toThrow(TypeError);
    expect(() => checkInstance("since", value as never, new Date(), Date)).toThrow("it takes a Date");
  });
});

describe("an option that is a function", () => {
  const fallback = (): string => "fallback";
  const given = (): string => "given";

  test("is the one given, or the fallback", () => {
    expect(checkFunction("authorize", given, fallback)).toBe(given);
    expect(checkFunction("authorize", undefined, fallback)).toBe(fallback);
  });

  test.each<[unknown, string]>([
    [null, "null"],
    [{}, "an object"],
    ["f", '"f"'],
  ])("is refused with a TypeError for %o", (value, got) => {
    expect(() => checkFunction<unknown>("authorize", value, fallback)).toThrow(
      new TypeError(`option authorize got ${got}; it takes a function`),
    );
  });
});

describe("an option that is one of several", () => {
  test("is the one given, or the fallback", () => {
    expect(checkChoice("types", "text", "any", ["any", "text"])).toBe("text");
    expect(checkChoice("types", undefined, "any", ["any", "text"])).toBe("any");
  });

  test.each(["Text", "", "toString"])("is refused with a RangeError for %j", (value) => {
    expect(() => checkChoice<string>("types", value, "any", ["any", "text"])).toThrow(
      new RangeError(`option types got "${value}"; it takes "any", "text"`),
    );
  });
});

describe("options", () => {
  test("may be any of those that are known", () => {
    expect(() => checkKeys("serve()", { port: 1 }, ["host", "port"])).not.toThrow();
    expect(() => checkKeys("serve()", {}, [])).not.toThrow();
  });

  test.each(["prot", "toString", "__proto__", ""])(
    "are refused with a TypeError that names an unknown one: %j",
    (key) => {
      const options = Object.fromEntries([
        ["port", 1],
        [key, 2],
      ]);
      expect(() => checkKeys("serve()", options, ["host", "port"])).toThrow(
        new TypeError(`serve() has no option ${JSON.stringify(key)}; it takes host, port`),
      );
    },
  );

  test.each([
    [undefined, "undefined"],
    [null, "null"],
    [8080, "8080"],
    [[], "an array"],
    [() => {}, "a function"],
  ])("are refused with a TypeError when they are no object: %o", (options, got) => {
    expect(() => checkKeys("serve()", options, [])).toThrow(
      new TypeError(`serve() takes an object of options; it got ${got}`),
    );
  });
});
