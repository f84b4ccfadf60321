import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { encodeJson, JsonValueError } from "../../src/json/index.js";

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("expected an error");
}

/** What `encodeJson` says of a value that it does not take. */
function refusalOf(value: unknown): string {
  const error = errorOf(() => encodeJson(value));
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toBeInstanceOf(JsonValueError);
  expect(error).toMatchObject({ name: "JsonValueError", code: "not-json" });
  return (error as JsonValueError).message;
}

class Point {
  readonly x = 1;
  readonly #secret = 2;
  sum(): number {
    return this.x + this.#secret;
  }
}

describe("encodeJson()", () => {
  test("gives what JSON.stringify gives, for every value that JSON can hold", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(encodeJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  test("leaves out a property that is undefined: an optional one that is not there", () => {
    expect(encodeJson({ name: "Ada", nick: undefined, tags: [{ note: undefined }] })).toBe(
      '{"name":"Ada","tags":[{}]}',
    );
  });

  test("calls toJSON, of a date and of anything else", () => {
    const money = { toJSON: (key: string) => `${key}: 3` };
    expect(encodeJson({ at: new Date(0), money })).toBe('{"at":"1970-01-01T00:00:00.000Z","money":"money: 3"}');
    expect(encodeJson(Buffer.from("a"))).toBe('{"type":"Buffer","data":[97]}');
  });

  test("takes instances of classes, objects without a prototype and objects of another realm", () => {
    const bare: unknown = Object.assign(Object.create(null), { a: 1 });
    expect(encodeJson([new Point(), bare, runInNewContext("({})"), Object.create(null)])).toBe(
      '[{"x":1},{"a":1},{},{}]',
    );
  });

  test("takes a value that stands in two places", () => {
    const shared = { a: 1 };
    expect(encodeJson([shared, { shared }])).toBe('[{"a":1},{"shared":{"a":1}}]');
  });

  test.each<[value: unknown, why: string]>([
    [undefined, "JSON has no undefined, at the top"],
    [[1, undefined], "JSON has no undefined, at [1]"],
    [Array.from({ length: 1 }), "JSON has no undefined, at [0]"],
    [{ call: () => {} }, "JSON cannot hold a function, at call"],
    [{ a: [{ id: 1n }] }, "JSON cannot hold a bigint, at a[0].id"],
    [Symbol("a"), "JSON cannot hold a symbol, at the top"],
    [{ speed: Number.NaN }, "JSON makes null of NaN, at speed"],
    [[Number.POSITIVE_INFINITY], "JSON makes null of Infinity, at [0]"],
    [{ at: new Date(Number.NaN) }, "JSON makes null of an invalid date, at at"],
    [{ users: new Map([["a", 1]]) }, "JSON makes {} of Map, at users"],
    [new Set([1]), "JSON makes {} of Set, at the top"],
    [{ user: Promise.resolve(1) }, "JSON makes {} of Promise, at user"],
    [{ error: new RangeError("oh") }, "JSON makes {} of RangeError, at error"],
    [new ArrayBuffer(1), "JSON makes {} of ArrayBuffer, at the top"],
    [Uint8Array.of(1), "JSON makes an object of a typed array; send it as a binary message, or a list, at the top"],
    [{ toJSON: () => undefined }, "JSON has no undefined, at the top"],
    [{ "a key": { secret: 1n } }, "JSON cannot hold a bigint, at [*].secret"],
  ])("refuses %o", (value, why) => {
    expect(refusalOf(value)).toBe(`not sent: ${why}`);
  });

  test("refuses a value that contains itself", () => {
    const ring: { next?: unknown } = {};
    ring.next = [ring];
    expect(refusalOf({ ring })).toBe("not sent: JSON cannot hold a value that contains itself, at ring.next[0]");
  });

  test("takes a function that has a toJSON", () => {
    const answer = Object.assign(() => {}, { toJSON: () => 42 });
    expect(encodeJson([answer])).toBe("[42]");
  });

  test("gives what the schema makes of the value: what it does not name stays here", () => {
    const user = z.object({ name: z.string(), born: z.date().transform((date) => date.getUTCFullYear()) });
    const ada = { name: "Ada", born: new Date("1815-12-10"), passwordHash: "secret" };
    expect(encodeJson(ada, user)).toBe('{"name":"Ada","born":1815}');
  });

  test("refuses what the schema does not take", () => {
    const error = errorOf(() => encodeJson({ name: 1 } as never, z.object({ name: z.string(), age: z.number() })));
    expect(error).toBeInstanceOf(JsonValueError);
    expect(error).toMatchObject({
      code: "invalid",
      message: "not sent: the value does not fit the schema for sending at name (and 1 more)",
      issues: [{ path: ["name"] }, { path: ["age"] }],
    });
  });

  test("refuses what the schema makes, when JSON cannot hold it", () => {
    const error = errorOf(() => encodeJson("1", z.string().transform(BigInt)));
    expect(error).toMatchObject({ code: "not-json", issues: [{ path: [], message: "JSON cannot hold a bigint" }] });
  });

  test("says that an asynchronous schema does not fit, whether it would take the value or not", () => {
    const schema = z.string().refine(async (text) => Promise.resolve(text === "a"));
    for (const value of ["a", "b"]) expect(() => encodeJson(value, schema)).toThrow("JsonChannel.send()");
  });
});
