import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Connection } from "../../src/connection/index.js";
import {
  type InvalidPolicy,
  type JsonChannel,
  jsonChannel,
  JsonMessageError,
  JsonValueError,
} from "../../src/json/index.js";
import { meet } from "../support/meeting.js";
import { binary } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";
import { moveSchemas } from "./support/move-schemas.js";
import { SlowSchema } from "./support/slow-schema.js";

/** All that comes, until the connection ends. */
async function all<Value>(channel: JsonChannel<Value, never>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of channel) values.push(value);
  return values;
}

describe.each(Object.entries(moveSchemas))("jsonChannel() with %s", (_, schema) => {
  test("receives what the schema makes of each message, in order", async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection, { receive: schema });
    peer.say('{"piece":"pawn","to":[4,3],"at":"17"}', '{ "piece": "king", "to": [] }');
    peer.close(1000);
    expect(await all(channel)).toEqual([
      { piece: "pawn", to: [4, 3], at: 17 },
      { piece: "king", to: [] },
    ]);
    await peer.leave();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
  });

  test("sends what the schema makes of each value", async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection, { send: schema });
    await channel.send({ piece: "pawn", to: [4, 3], at: "17" });
    expect(channel.write({ piece: "king", to: [] })).toBe(true);
    expect(await peer.hear()).toEqual({ text: '{"piece":"pawn","to":[4,3],"at":17}' });
    expect(await peer.hear()).toEqual({ text: '{"piece":"king","to":[]}' });
  });

  test("closes with 1008 for a value that the schema does not take, and says where it is wrong", async () => {
    const { peer, connection } = await meet();
    const errors: JsonMessageError[] = [];
    const channel = jsonChannel(connection, {
      receive: schema,
      onInvalid: (error) => {
        errors.push(error);
        return "close";
      },
    });
    peer.say('{"piece":"pawn","to":[4,"e"]}', '{"piece":"king","to":[]}');
    expect(await channel.receive()).toBeUndefined();
    expect(await peer.hear()).toEqual({ close: 1008, reason: "invalid" });
    expect(errors).toMatchObject([{ code: "invalid", issues: [{ path: ["to", 1] }] }]);
    expect(errors[0]?.message).toBe("the message does not fit the schema at to[1]");
  });

  test("refuses to send what the schema does not take, before anything is sent", async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection, { send: schema });
    const wrong = { piece: 1, to: [] } as never;
    expect(() => channel.send(wrong)).toThrow(JsonValueError);
    expect(() => channel.write(wrong)).toThrow(JsonValueError);
    await channel.send({ piece: "king", to: [] });
    expect(await peer.hear()).toEqual({ text: '{"piece":"king","to":[]}' });
  });
});

test("the types of a channel are those of its schemas, and unknown without", () => {
  const channel = (connection: Connection) => jsonChannel(connection, { receive: moveSchemas.zod, send: z.date() });
  const open = (connection: Connection) => jsonChannel(connection);
  expectTypeOf(channel).returns.toEqualTypeOf<
    JsonChannel<{ piece: string; to: number[]; at?: number | undefined }, Date>
  >();
  expectTypeOf(open).returns.toEqualTypeOf<JsonChannel<unknown, unknown>>();
});

describe("jsonChannel() without schemas", () => {
  test("sends and receives whatever JSON holds", async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection);
    peer.say("null", '{"a":[1]}', "false");
    expect([await channel.receive(), await channel.receive(), await channel.receive()]).toEqual([
      null,
      { a: [1] },
      false,
    ]);
    await channel.send({ a: [null, true, "⚓"] });
    expect(await peer.hear()).toEqual({ text: '{"a":[null,true,"⚓"]}' });
  });

  test.each([[undefined], [() => {}], [1n], [Number.NaN]])("refuses to send %s", async (value) => {
    const { connection } = await meet();
    expect(() => jsonChannel(connection).send(value)).toThrow(TypeError);
    expect(connection.bufferedBytes).toBe(0);
  });

  test("refuses a message that pollutes prototypes, and leaves every prototype as it was", async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection, { onInvalid: "throw" });
    peer.say(
      '{"__proto__":{"isAdmin":true}}',
      '{"constructor":{"prototype":{"isAdmin":true}}}',
      '{"name":"__proto__"}',
    );
    await expect(channel.receive()).rejects.toMatchObject({ code: "invalid", issues: [{ path: ["__proto__"] }] });
    await expect(channel.receive()).rejects.toMatchObject({ code: "invalid", issues: [{ path: ["constructor"] }] });
    expect(await channel.receive()).toEqual({ name: "__proto__" });
    expect(Reflect.get({}, "isAdmin")).toBeUndefined();
  });
});

describe("a message that is not what was agreed on", () => {
  const wrong = [
    ["not-text", 1003, binary(Buffer.from('"a"'))],
    ["not-json", 1007, { opcode: 0x1, payload: '{"a":' }],
    ["invalid", 1008, { opcode: 0x1, payload: "1" }],
  ] as const;

  test.each(wrong)("closes the connection by default: %s with %i, RFC 6455 §7.4.1", async (code, closeCode, frame) => {
    const { peer, connection, server } = await meet();
    const channel = jsonChannel(connection, { receive: z.string() });
    peer.send({ opcode: 0x1, payload: '"before"' }, frame, { opcode: 0x1, payload: '"after"' });
    expect(await all(channel)).toEqual(["before"]);
    peer.close(closeCode, code);
    expect(await peer.leave()).toEqual([{ close: closeCode, reason: code }]);
    expect(await connection.closed).toEqual({ code: closeCode, reason: code, by: "us", clean: true, error: undefined });
    expect(server.errors).toEqual([]); // what a peer does wrong is no failure of ours
  });

  test.each(wrong)('is thrown under "throw", and the connection stays: %s', async (code, closeCode, frame) => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection, { receive: z.string(), onInvalid: "throw" });
    peer.send(frame, { opcode: 0x1, payload: '"after"' });
    const error: unknown = await channel.receive().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JsonMessageError);
    expect(error).toMatchObject({ code, closeCode });
    expect(await channel.receive()).toBe("after");
    expect(connection.state).toBe("open");
  });

  test.each(wrong)('is dropped under "skip": %s', async (_code, _closeCode, frame) => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection, { receive: z.string(), onInvalid: "skip" });
    peer.send(frame, frame, { opcode: 0x1, payload: '"after"' });
    expect(await channel.receive()).toBe("after");
  });

  test("goes to a function, which may answer it, be asynchronous, and choose by error", async () => {
    const { peer, connection } = await meet();
    const onInvalid: InvalidPolicy = async (error) => {
      await connection.send(`"${error.code}"`);
      return error.code === "invalid" ? "skip" : "throw";
    };
    const channel = jsonChannel(connection, { receive: z.string(), onInvalid });
    peer.say("1", '"a"', "oh");
    expect(await channel.receive()).toBe("a");
    await expect(channel.receive()).rejects.toMatchObject({ code: "not-json", position: 0 });
    expect([await peer.hear(), await peer.hear()]).toEqual([{ text: '"invalid"' }, { text: '"not-json"' }]);
  });

  test("is not forgiven by a function that returns no action", async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection, { onInvalid: (() => {}) as never });
    peer.say("oh");
    await expect(channel.receive()).rejects.toThrow(
      'what onInvalid returns is "close", "throw" or "skip", not undefined',
    );
  });

  test('ends a loop under "throw", which can be begun again', async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection, { receive: z.string(), onInvalid: "throw" });
    peer.say('"a"', "1", '"b"');
    peer.close();
    await expect(all(channel)).rejects.toThrow(JsonMessageError);
    expect(await all(channel)).toEqual(["b"]);
  });
});

describe("a channel in a loop", () => {
  test("leaves the connection open when the loop is left", async () => {
    const { peer, connection } = await meet();
    const channel = jsonChannel(connection);
    peer.say("1", "2");
    for await (const value of channel) {
      expect(value).toBe(1);
      break;
    }
    expect(connection.state).toBe("open");
    expect(await channel.receive()).toBe(2);
  });

  test("stops reading while the body runs: back-pressure reaches the peer", async () => {
    const { peer, connection, server } = await meet();
    const channel = jsonChannel(connection, { receive: z.string() });
    peer.say('"a"');
    expect(await channel.receive()).toBe("a");
    peer.say('"b"');
    await until(() => connection.state !== "open" || isHeldUp());
    function isHeldUp(): boolean {
      peer.say('"more"');
      return server.sockets[0]?.isPaused() === true;
    }
    expect(connection.state).toBe("open");
  });

  test("tells what a schema throws, and does not blame the peer", async () => {
    const { peer, connection } = await meet();
    const schema = z.string().transform(() => {
      throw new Error("our own mistake");
    });
    const channel = jsonChannel(connection, { receive: schema });
    peer.say('"a"');
    await expect(channel.receive()).rejects.toThrow("our own mistake");
    expect(connection.state).toBe("open");
  });
});

describe("an asynchronous schema for receiving", () => {
  test("keeps the order, and one message is looked at at a time", async () => {
    const { peer, connection } = await meet();
    const slow = new SlowSchema();
    const channel = jsonChannel(connection, { receive: slow.schema, onInvalid: "skip" });
    peer.say('"a"', '"bad"', '"b"');
    peer.close();
    const received = all(channel);
    for (let decided = 0; decided < 3; decided += 1) {
      await until(() => slow.waiting > 0);
      expect(slow.waiting).toBe(1);
      slow.decide();
    }
    expect(await received).toEqual(["a", "b"]);
  });
});

describe("an asynchronous schema for sending", () => {
  test("keeps the order of send(), whichever value is decided first", async () => {
    const { peer, connection } = await meet();
    const slow = new SlowSchema();
    const channel = jsonChannel(connection, { send: slow.schema });
    const sent = [channel.send("a"), channel.send("b"), channel.send("c")];
    await until(() => slow.waiting === 3);
    for (let decided = 0; decided < 3; decided += 1) {
      slow.decide();
      await nextTurn();
    }
    await Promise.all(sent);
    expect([await peer.hear(), await peer.hear(), await peer.hear()]).toEqual([
      { text: '"a"' },
      { text: '"b"' },
      { text: '"c"' },
    ]);
  });

  test("rejects what it does not take, and sends what stands behind it", async () => {
    const { peer, connection } = await meet();
    const slow = new SlowSchema();
    const channel = jsonChannel(connection, { send: slow.schema });
    const sent = Promise.allSettled([channel.send("a"), channel.send("bad"), channel.send("b")]);
    await until(() => slow.waiting === 3);
    slow.decide(1); // "bad" is known to be bad before "a" is known to be good
    await nextTurn();
    slow.decide();
    await nextTurn();
    expect(connection.bufferedBytes).toBe(0);
    slow.decide();
    expect(await sent).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { name: "JsonValueError", code: "invalid" } },
      { status: "fulfilled" },
    ]);
    expect([await peer.hear(), await peer.hear()]).toEqual([{ text: '"a"' }, { text: '"b"' }]);
  });

  test("keeps a value that it takes at once behind one that it does not", async () => {
    const { peer, connection } = await meet();
    const slow = new SlowSchema();
    const channel = jsonChannel(connection, { send: slow.schema });
    const sent = channel.send("a");
    expect(channel.write("quick")).toBe(true);
    await nextTurn();
    expect(connection.bufferedBytes).toBe(0);
    slow.decide();
    await sent;
    expect([await peer.hear(), await peer.hear()]).toEqual([{ text: '"a"' }, { text: '"quick"' }]);
    expect(channel.write("quick")).toBe(true);
    expect(await peer.hear()).toEqual({ text: '"quick"' });
  });

  test("is refused by write(), which cannot wait", async () => {
    const { connection } = await meet();
    const slow = new SlowSchema();
    const channel = jsonChannel(connection, { send: slow.schema });
    expect(() => channel.write("bad")).toThrow("use send() instead of write()");
    slow.decide();
    expect(connection.bufferedBytes).toBe(0);
  });

  test("tells who awaits that the connection has closed, and nobody else", async () => {
    const { peer, connection } = await meet();
    const slow = new SlowSchema();
    const channel = jsonChannel(connection, { send: slow.schema });
    void channel.send("nobody awaits this");
    const sent = channel.send("a");
    peer.close();
    await until(() => connection.state !== "open" && slow.waiting === 2);
    slow.decide();
    slow.decide();
    await expect(sent).rejects.toMatchObject({ name: "ConnectionError", code: "not-open" });
  });
});

describe("send() of a channel", () => {
  test("waits for room as the connection's does", async () => {
    const { peer, connection } = await meet({ maxBufferedBytes: Number.POSITIVE_INFINITY });
    const channel = jsonChannel(connection, { send: z.string() });
    peer.raw.stopReading();
    const long = "x".repeat(32 * 1024 * 1024); // more than the kernel takes
    while (channel.write(long));
    let hasRoom = false;
    const sent = channel.send("last").then(() => (hasRoom = true));
    await nextTurn();
    expect(hasRoom).toBe(false);
    peer.raw.discard();
    await sent;
    expect(connection.needsDrain).toBe(false);
  });

  test("rejects once the connection is closed", async () => {
    const { connection } = await meet();
    connection.terminate();
    const channel = jsonChannel(connection);
    await expect(channel.send(1)).rejects.toMatchObject({ code: "not-open" });
    expect(channel.write(1)).toBe(false);
  });
});

describe("jsonChannel()", () => {
  test.each<[options: unknown, why: string]>([
    [
      { receive: {} },
      "option receive takes a schema of zod, valibot, arktype or another library of Standard Schema version 1",
    ],
    [{ send: null }, "option send takes a schema"],
    [{ send: { "~standard": { version: 2, validate: () => {} } } }, "option send takes a schema"],
    [
      { onInvalid: "explode" },
      'option onInvalid is "close", "throw" or "skip" or a function that returns one of them, not "explode"',
    ],
    [{ recieve: z.string() }, 'jsonChannel has no option "recieve"; it takes receive, send, onInvalid'],
  ])("refuses %o", async (options, why) => {
    const { connection } = await meet();
    expect(() => jsonChannel(connection, options as never)).toThrow(why);
  });
});
