import { once } from "node:events";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import WebSocket from "ws";
import { z } from "zod";
import type { Connection } from "../../src/connection/index.js";
import { encodeJson, type JsonHandler, jsonHandler, type JsonMessageError } from "../../src/json/index.js";
import { EchoPeer } from "../support/echo-peer.js";
import { listening } from "../support/listening.js";
import { meet } from "../support/meeting.js";
import { binary } from "../support/raw-peer.js";
import { until } from "../support/turns.js";
import { moveSchemas } from "./support/move-schemas.js";
import { SlowSchema } from "./support/slow-schema.js";

describe.each(Object.entries(moveSchemas))("jsonHandler() with %s", (_, schema) => {
  test("serves a route: messages in, values out", async () => {
    const server = await listening({
      routes: {
        "/moves": jsonHandler(schema, {
          message: (connection, { piece, to, at }) => connection.write(encodeJson({ piece, to, at: at ?? "never" })),
        }),
      },
    });
    const peer = await EchoPeer.connect(`ws://127.0.0.1:${server.port}/moves`);
    expect(await peer.echo('{"piece":"pawn","to":[4,3],"at":"17"}')).toBe('{"piece":"pawn","to":[4,3],"at":17}');
    expect(await peer.echo('{"piece":"king","to":[]}')).toBe('{"piece":"king","to":[],"at":"never"}');
    peer.send('{"piece":"king"}');
    expect(await peer.closed).toEqual({ code: 1008, reason: "invalid" });
  });
});

test("the values of a handler have the schema's type, and its connection the route's data", () => {
  jsonHandler(z.object({ a: z.string().transform(Number) }), {
    message: (connection, value) => {
      expectTypeOf(value).toEqualTypeOf<{ a: number }>();
      expectTypeOf(connection).toEqualTypeOf<Connection<undefined>>();
    },
  });
  jsonHandler(v.literal("a"), { message: (_, value) => expectTypeOf(value).toEqualTypeOf<"a">() });
  jsonHandler(type("'a' | 'b'"), { message: (_, value) => expectTypeOf(value).toEqualTypeOf<"a" | "b">() });
});

test("a route's handler knows what authorize returned", async () => {
  const server = await listening({
    authorize: () => ({ name: "Ada" }),
    routes: {
      "/": jsonHandler(z.string(), {
        message: (connection: Connection<{ name: string }>, text) =>
          connection.write(`${connection.data.name}: ${text}`),
      }),
    },
  });
  const peer = await EchoPeer.connect(`ws://127.0.0.1:${server.port}/`);
  expect(await peer.echo('"hello"')).toBe("Ada: hello");
});

describe("jsonHandler()", () => {
  const wrong = [
    ["not-text", 1003, binary(Buffer.from('"a"'))],
    ["not-json", 1007, { opcode: 0x1, payload: "'a'" }],
    ["invalid", 1008, { opcode: 0x1, payload: "1" }],
  ] as const;

  test.each(wrong)(
    "closes by default for a message that is %s: %i, RFC 6455 §7.4.1",
    async (code, closeCode, frame) => {
      const { peer, connection, server } = await meet();
      const values: string[] = [];
      connection.handle(jsonHandler(z.string(), { message: (_, value) => values.push(value) }));
      peer.send({ opcode: 0x1, payload: '"before"' }, frame, { opcode: 0x1, payload: '"after"' });
      expect(await peer.hear()).toEqual({ close: closeCode, reason: code });
      expect(values).toEqual(["before"]);
      expect(server.errors).toEqual([]);
    },
  );

  test.each(wrong)("gives it to `invalid`, and takes the next: %s", async (code, closeCode, frame) => {
    const { peer, connection } = await meet();
    const heard: unknown[] = [];
    connection.handle(
      jsonHandler(z.string(), {
        message: (_, value) => heard.push(value),
        invalid: (_, error) => heard.push([error.code, error.closeCode]),
      }),
    );
    peer.send({ opcode: 0x1, payload: '"before"' }, frame, { opcode: 0x1, payload: '"after"' });
    await until(() => heard.length === 3);
    expect(heard).toEqual(["before", [code, closeCode], "after"]);
    expect(connection.state).toBe("open");
  });

  test("has messages wait for what `invalid` promises, and ends with 1011 for what it throws", async () => {
    const { peer, connection, server } = await meet();
    const log: string[] = [];
    connection.handle(
      jsonHandler(z.string(), {
        message: (_, value) => log.push(value),
        async invalid(_, { code }: JsonMessageError) {
          await connection.send(code);
          log.push(code);
          if (code === "not-json") throw new Error("no more of this");
        },
      }),
    );
    peer.say("1", '"a"', "oh", '"b"');
    expect([await peer.hear(), await peer.hear(), await peer.hear()]).toEqual([
      { text: "invalid" },
      { text: "not-json" },
      { close: 1011, reason: "" },
    ]);
    expect(log).toEqual(["invalid", "a", "not-json"]);
    expect(server.errors.splice(0)).toMatchObject([{ message: "no more of this" }]);
  });

  test("has messages wait for an asynchronous schema: order kept, one at a time, reading stopped", async () => {
    const { peer, connection, server } = await meet();
    const slow = new SlowSchema();
    const heard: unknown[] = [];
    connection.handle(
      jsonHandler(slow.schema, {
        message: (_, value) => heard.push(value),
        invalid: (_, { code }) => heard.push(code),
        close: (_, { code }) => heard.push(code),
      }),
    );
    peer.say('"a"');
    await until(() => slow.waiting === 1);
    peer.say('"bad"', '"b"');
    peer.close(1000);
    await until(() => server.sockets[0]?.isPaused() === true);
    for (let decided = 0; decided < 3; decided += 1) {
      await until(() => slow.waiting > 0);
      expect(slow.waiting).toBe(1);
      slow.decide();
    }
    await peer.leave();
    await until(() => heard.length === 4);
    expect(heard).toEqual(["a", "invalid", "b", 1000]);
  });

  test("ends the connection with 1011 for what a schema throws, and reports it", async () => {
    const { peer, connection, server } = await meet();
    const schema = z.string().transform((): string => {
      throw new Error("our own mistake");
    });
    connection.handle(jsonHandler(schema, { message: () => {} }));
    peer.say('"a"');
    expect(await peer.hear()).toEqual({ close: 1011, reason: "" });
    expect(server.errors.splice(0)).toMatchObject([{ message: "our own mistake" }]);
  });

  test("ends one connection, and nothing else, for a value too deep for a recursive schema", async () => {
    interface Tree {
      readonly branches: readonly Tree[];
    }
    const tree: z.ZodType<Tree> = z.object({ branches: z.lazy(() => z.array(tree)) });
    const errors: unknown[] = [];
    const server = await listening({
      onError: (error) => errors.push(error),
      routes: { "/": jsonHandler(tree, { message: (connection) => connection.write("good") }) },
    });
    const url = `ws://127.0.0.1:${server.port}/`;
    const [hostile, honest] = [await EchoPeer.connect(url), await EchoPeer.connect(url)];
    const depth = 50_000;
    hostile.send(`${'{"branches":['.repeat(depth)}${"]}".repeat(depth)}`);
    expect(await hostile.closed).toEqual({ code: 1011, reason: "" });
    expect(errors).toMatchObject([{ name: "RangeError" }]);
    expect(await honest.echo('{"branches":[{"branches":[]}]}')).toBe("good");
  });

  test("passes on open, drain, close and error, to an instance of a class too", async () => {
    class Room implements JsonHandler<string> {
      readonly log: string[] = [];
      open(): void {
        this.log.push("open");
      }
      message(_: Connection, text: string): void {
        this.log.push(text);
      }
      drain(): void {
        this.log.push("drain");
      }
      error(_: Connection, { code }: { code: string }): void {
        this.log.push(code);
      }
      close(): void {
        this.log.push("close");
      }
    }
    const room = new Room();
    const { peer, connection } = await meet<unknown>({ highWaterMark: 1024, authorize: () => 1 });
    connection.handle(jsonHandler(z.string(), room));
    peer.say('"a"');
    await until(() => room.log.length === 2);
    peer.raw.stopReading();
    while (connection.write("x".repeat(1024 * 1024)));
    peer.raw.discard();
    await until(() => room.log.length === 3);
    peer.send({ opcode: 0x3 });
    await until(() => room.log.length === 4);
    peer.raw.end();
    await until(() => room.log.length === 5);
    expect(room.log).toEqual(["open", "a", "drain", "protocol-fault", "close"]);
  });

  test("leaves out what the handler leaves out, so that failures go to onError", () => {
    expect(Object.keys(jsonHandler(z.string(), {}))).toEqual(["message"]);
  });

  test("makes no promise for a schema that makes none", async () => {
    const { connection } = await meet();
    const handler = jsonHandler(z.string(), { message: (_, text) => text });
    expect(handler.message?.(connection, '"a"')).toBe("a");
  });

  test("refuses what is no schema", () => {
    expect(() => jsonHandler((() => {}) as never, {})).toThrow("jsonHandler takes a schema");
  });

  test("refuses a handler with a member that is misspelt, or that is no function", () => {
    const misspelt = { mesage: () => {} } as never;
    expect(() => jsonHandler(z.string(), misspelt)).toThrow(
      'a JSON handler has no "mesage"; it takes open, message, invalid',
    );
    expect(() => jsonHandler(z.string(), { invalid: "close" } as never)).toThrow(
      'the JSON handler\'s "invalid" is "close"',
    );
  });

  test("talks with a client of ws that knows nothing of it", async () => {
    const server = await listening({
      routes: {
        "/": jsonHandler(z.tuple([z.number(), z.number()]), { message: (c, [a, b]) => c.write(encodeJson(a + b)) }),
      },
    });
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`);
    await once(socket, "open");
    socket.send(JSON.stringify([1, 2]));
    const [answer] = (await once(socket, "message")) as [Buffer];
    expect(JSON.parse(answer.toString())).toBe(3);
    socket.terminate();
  });
});
