import { describe, expect, test } from "vitest";
import type { Connection, Message, MessageStream } from "../../src/connection/index.js";
import { meetCompressed } from "../support/compressing-peer.js";
import { meet } from "../support/meeting.js";
import { binary, close, continuation, masked, ping, text } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";

const KIB = 1024;
const MIB = 1024 * KIB;

async function streamOf(connection: Connection): Promise<MessageStream> {
  const stream = await connection.receiveStream();
  if (stream === undefined) throw new Error("the connection has ended");
  return stream;
}

async function joined(stream: MessageStream): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}

describe("receiveStream()", () => {
  test("resolves with the first byte of a message, and gives each piece as it comes", async () => {
    const { peer, connection } = await meet();
    const pending = connection.receiveStream();
    const frame = masked(text("hello world"));
    peer.raw.write(frame.subarray(0, 11));
    const stream = await pending;
    expect(stream?.type).toBe("text");
    const pieces = (stream as MessageStream)[Symbol.asyncIterator]();
    expect(await pieces.next()).toEqual({ done: false, value: "hello" });
    peer.raw.write(frame.subarray(11));
    expect(await pieces.next()).toEqual({ done: false, value: " world" });
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
  });

  test("puts characters that are cut anywhere together again, and says the type of an empty message", async () => {
    const { peer, connection } = await meet();
    const message = "é€😀\u{feff}x";
    await peer.raw.drip(masked(text(message)));
    expect(await joined(await streamOf(connection))).toBe(message);
    peer.send(binary(new Uint8Array(0)), text(""));
    for (const type of ["binary", "text"]) {
      const stream = await streamOf(connection);
      expect(stream.type).toBe(type);
      expect(await joined(stream)).toBe("");
    }
  });

  test("gives binary pieces memory of their own", async () => {
    const { peer, connection } = await meet();
    peer.send({ ...binary(Buffer.from("one")), isFinal: false });
    const pieces = (await streamOf(connection))[Symbol.asyncIterator]();
    const first: IteratorResult<Message, unknown> = await pieces.next();
    peer.send(continuation("two"));
    await pieces.next();
    expect(first.value).toEqual(new Uint8Array(Buffer.from("one")));
  });

  test("begins with what came before anybody asked: a whole message, or part of one", async () => {
    const { peer, connection } = await meet();
    peer.say("early");
    await nextTurn();
    await nextTurn();
    expect(await joined(await streamOf(connection))).toBe("early");
    const frame = masked(text("in two parts"));
    peer.raw.write(frame.subarray(0, 10));
    await nextTurn();
    await nextTurn();
    const pending = streamOf(connection);
    peer.raw.write(frame.subarray(10));
    expect(await joined(await pending)).toBe("in two parts");
  });

  test("takes turns with receive() and for await, and control frames go by", async () => {
    const { peer, connection } = await meet();
    peer.send(text("a"), text("b", false), ping("between"), continuation("c"), text("d"), text("e"), close(1000));
    expect(await connection.receive()).toBe("a");
    expect(await joined(await streamOf(connection))).toBe("bc");
    expect(await connection.receive()).toBe("d");
    const rest: unknown[] = [];
    for await (const message of connection) rest.push(message);
    expect(rest).toEqual(["e"]);
    expect(await connection.receiveStream()).toBeUndefined();
    expect(await peer.hear()).toEqual({ pong: "between" });
  });

  test("takes a message that has begun plain, and leaves a compressed one behind it whole", async () => {
    const { peer, connection } = await meetCompressed();
    peer.raw.send(text("plain, ", false));
    await nextTurn();
    await nextTurn();
    const stream = await streamOf(connection);
    peer.raw.send(continuation("in pieces"), ...peer.frames("compressed"));
    expect(await joined(stream)).toBe("plain, in pieces");
    expect(await connection.receive()).toBe("compressed");
  });

  test("is undefined when the connection ends while it waits", async () => {
    const { peer, connection } = await meet();
    const pending = connection.receiveStream();
    await nextTurn();
    peer.close(1000);
    expect(await pending).toBeUndefined();
  });

  test("stops the peer while nobody takes the pieces: a message of any length takes little memory", async () => {
    const total = 32 * MIB;
    const { peer, connection } = await meet({ maxMessageBytes: Infinity });
    const block = new Uint8Array(MIB);
    for (let sent = 0; sent < total; sent += MIB) {
      peer.send({ opcode: sent === 0 ? 2 : 0, payload: block, isFinal: sent + MIB === total });
    }
    const stream = await streamOf(connection);
    const taken = (): number => peer.raw.socket.bytesWritten - peer.raw.socket.writableLength;
    await until(() => peer.raw.socket.writableLength > 0);
    await nextTurn();
    expect(taken()).toBeLessThan(total / 2);
    let received = 0;
    for await (const piece of stream) received += piece.length;
    expect(received).toBe(total);
  });

  test("is not given more of a message than a few reads before it is asked for", async () => {
    const { peer, connection } = await meet({ maxMessageBytes: Infinity, readBufferSize: 64 * KIB });
    const block = new Uint8Array(16 * MIB);
    peer.send(binary(block));
    await until(() => peer.raw.socket.writableLength > 0);
    for (let i = 0; i < 20; i++) await nextTurn();
    expect(peer.raw.socket.writableLength).toBeGreaterThan(MIB);
    let received = 0;
    for await (const piece of await streamOf(connection)) received += piece.length;
    expect(received).toBe(block.length);
  });

  test("is a ReadableStream too", async () => {
    const { peer, connection } = await meet();
    peer.send(text("web ", false), continuation("stream"));
    const stream = await streamOf(connection);
    expect(stream.readable).toBe(stream.readable);
    const pieces: unknown[] = [];
    for await (const piece of stream.readable) pieces.push(piece);
    expect(pieces.join("")).toBe("web stream");
  });
});

describe("a message stream that is given up", () => {
  const giveUp: Record<string, (stream: MessageStream) => Promise<void>> = {
    "by cancel()": async (stream) => {
      stream.cancel();
      stream.cancel();
      expect(await joined(stream)).toBe("");
    },
    "by leaving the loop": async (stream) => {
      for await (const _ of stream) break;
    },
    "by cancelling its ReadableStream": (stream) => stream.readable.cancel(),
    "while a piece is waited for": async (stream) => {
      const pieces = stream[Symbol.asyncIterator]();
      await pieces.next();
      const waiting = pieces.next();
      stream.cancel();
      expect(await waiting).toEqual({ done: true, value: undefined });
    },
  };

  test.each(Object.entries(giveUp))("%s has the rest of it dropped, and the next message read", async (_, drop) => {
    const { peer, connection } = await meet();
    peer.send(text("begun", false));
    await drop(await streamOf(connection));
    peer.send(continuation("dropped", false), continuation("dropped too"), text("next"), text("last"));
    expect(await connection.receive()).toBe("next");
    expect(await joined(await streamOf(connection))).toBe("last");
  });
});

describe("a message stream", () => {
  test("is cut when the connection is lost in the middle: what came is read, then message-cut", async () => {
    const { peer, connection } = await meet({ closeTimeoutMs: 50 });
    peer.send(text("begun", false));
    const pieces = (await streamOf(connection))[Symbol.asyncIterator]();
    expect(await pieces.next()).toEqual({ done: false, value: "begun" });
    const next = pieces.next();
    peer.raw.end();
    await expect(next).rejects.toMatchObject({ name: "ConnectionError", code: "message-cut" });
    await expect(pieces.next()).rejects.toMatchObject({ code: "message-cut" });
    expect(await connection.receiveStream()).toBeUndefined();
  });

  test("is cut by a fault in it, which is the cause", async () => {
    const { peer, connection } = await meet();
    peer.send(text("good", false));
    const stream = await streamOf(connection);
    peer.send({ opcode: 0x0, payload: Uint8Array.of(0xff) });
    await expect(joined(stream)).rejects.toMatchObject({ code: "message-cut" });
    expect((await peer.leave()).at(-1)).toEqual({ close: 1007, reason: "invalid-utf8" });
  });

  test("is held to maxMessageBytes", async () => {
    const { peer, connection } = await meet({ maxMessageBytes: 8 });
    peer.send(text("12345", false));
    const stream = await streamOf(connection);
    peer.send(continuation("6789"));
    await expect(joined(stream)).rejects.toMatchObject({ code: "message-cut" });
    expect((await peer.leave()).at(-1)).toEqual({ close: 1009, reason: "message-too-big" });
  });

  test("keeps other readers out until it has ended", async () => {
    const { peer, connection } = await meet();
    const pending = connection.receiveStream();
    await expect(connection.receive()).rejects.toMatchObject({ code: "already-reading" });
    await expect(connection.receiveStream()).rejects.toMatchObject({ code: "already-reading" });
    peer.send(text("begun", false));
    const stream = (await pending) as MessageStream;
    await expect(connection.receive()).rejects.toMatchObject({ code: "already-reading" });
    expect(() => connection.handle({})).toThrow(/already/);
    const pieces = stream[Symbol.asyncIterator]();
    await pieces.next();
    const waiting = pieces.next();
    await expect(pieces.next()).rejects.toMatchObject({ code: "already-reading" });
    peer.send(continuation("end"), text("next"));
    expect(await waiting).toEqual({ done: false, value: "end" });
    expect(await connection.receive()).toBe("next");
  });
});
