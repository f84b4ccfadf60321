import { inspect } from "node:util";
import { type } from "arktype";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { decodeJson } from "../../src/json/json-decoder.js";
import { JsonMessageError } from "../../src/json/index.js";
import { anything, type StandardSchema } from "../../src/json/standard-schema.js";

async function errorOf(message: string | Uint8Array, schema: StandardSchema = anything): Promise<JsonMessageError> {
  const { error } = await decodeJson(schema, message);
  expect(error).toBeInstanceOf(JsonMessageError);
  return error as JsonMessageError;
}

describe("JsonMessageError", () => {
  test("of a binary message says how long it is; close code 1003, RFC 6455 §7.4.1", async () => {
    expect(await errorOf(Buffer.from("{}"))).toMatchObject({
      code: "not-text",
      closeCode: 1003,
      message: "a binary message of 2 bytes came; JSON is sent as text",
      position: undefined,
      issues: [],
    });
  });

  test.each([
    ['{"a":secret}', 5, "goes wrong at character 5"],
    ['{"a":1', 6, "ends too early, at character 6"],
    ["", 0, "ends too early, at character 0"],
  ])("of %j, which is no JSON, says where; close code 1007, RFC 6455 §7.4.1", async (text, position, place) => {
    expect(await errorOf(text)).toMatchObject({
      code: "not-json",
      closeCode: 1007,
      message: `the message is not JSON: it ${place}`,
      position,
      issues: [],
    });
  });

  test("of a value that the schema does not take has the issues with their paths; close code 1008, RFC 6455 §7.4.1", async () => {
    const schema = z.object({ players: z.array(z.object({ name: z.string() })), turn: z.number() });
    expect(await errorOf('{"players":[{"name":"a"},{"name":1}]}', schema)).toMatchObject({
      code: "invalid",
      closeCode: 1008,
      message: "the message does not fit the schema at players[1].name (and 1 more)",
      position: undefined,
      issues: [
        { path: ["players", 1, "name"], message: "Invalid input: expected string, received number" },
        { path: ["turn"], message: "Invalid input: expected number, received undefined" },
      ],
    });
  });

  test("of a key that pollutes prototypes says which", async () => {
    expect(await errorOf('{"a":{"__proto__":{}}}')).toMatchObject({
      code: "invalid",
      message: "the message has a key that could change prototypes, at a.__proto__",
      issues: [{ path: ["a", "__proto__"], message: "the key __proto__ is refused: it could change prototypes" }],
    });
  });

  test("of a value that is wrong as a whole says so", async () => {
    expect((await errorOf("1", z.string())).message).toBe("the message does not fit the schema at the top");
  });

  test("shows the beginning of a long path", async () => {
    const schema = Array.from("abcdefghij").reduceRight<z.ZodType>((inner, key) => z.object({ [key]: inner }), z.int());
    const text = Array.from("abcdefghij").reduceRight<unknown>((inner, key) => ({ [key]: inner }), "");
    expect((await errorOf(JSON.stringify(text), schema)).message).toMatch(/ at a\.b\.c\.d\.e\.f\.g\.h…$/);
  });

  test.each<[what: string, message: string, schema: StandardSchema | undefined]>([
    ["text that is no JSON", '{"password":"hunter2",}', undefined],
    ["a value, which this library quotes in its issue", '{"password":"hunter2"}', type({ password: "number" })],
    ["a key of a record", '{"hunter2 \\u001b[2J":"x"}', z.record(z.string(), z.number())],
    ["a long key of a record", `{"hunter2${"x".repeat(40)}":"x"}`, z.record(z.string(), z.number())],
  ])("quotes nothing of the message where it is logged: %s", async (_, message, schema) => {
    const error = await errorOf(message, schema);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain("hunter2");
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });
});
