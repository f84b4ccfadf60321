import { describe, expect, onTestFinished, test, vi } from "vitest";
import { BareSocket } from "../../src/connection/bare-socket.js";
import type { Connection, ConnectionHandler } from "../../src/connection/index.js";
import { memoryFor, memoryOf, type ReusedMemory } from "../../src/connection/reused-memory.js";
import type { FrameSpec } from "../protocol/support/frame-bytes.js";
import { ControlledBlob } from "../support/controlled-blob.js";
import { liveBytes } from "../support/live-bytes.js";
import { meet } from "../support/meeting.js";
import { binary, ping, RawPeer, text } from "../support/raw-peer.js";
import type { Said } from "../support/server-frame.js";
import { transportPaths } from "../support/transport-paths.js";
import { nextTurn, until } from "../support/turns.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** More than may be in reused memory at once. */
const MANY = 150;

const echo: ConnectionHandler<undefined> = { borrows: true, message: (socket, message) => socket.write(message) };

/** Bytes that tell their place, and `seed`. */
function patterned(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) + seed) & 0xff;
  return bytes;
}

/** Not by `toEqual`: the difference of two such strings would take a minute to print. */
function expectSame(said: Said | undefined, expected: Buffer): void {
  const isSame = said !== undefined && "binary" in said && said.binary === expected.toString("hex");
  expect(isSame, `${expected.length} bytes come as they were sent`).toBe(true);
}

async function expectBinary(peer: RawPeer, expected: Buffer): Promise<void> {
  expectSame(await peer.hear(), expected);
}

/** The memory of long messages to `connection` is such as is used again: some is free. */
async function expectLent(peer: RawPeer, connection: Connection<undefined>): Promise<void> {
  const isLent: boolean[] = [];
  connection.handle({
    borrows: true,
    message: (socket, message) => {
      if (message instanceof Uint8Array) isLent.push(memoryOf(message) !== undefined);
      socket.write(message);
    },
  });
  for (let i = 0; i < 3; i++) {
    peer.send(binary(patterned(500 * KIB, i)));
    await expectBinary(peer, patterned(500 * KIB, i));
  }
  expect(isLent).toEqual([true, true, true]);
}

describe.each(transportPaths)("who does not borrow, on $title", ({ join = {}, setup = () => ({}) }) => {
  const lengths = [300 * KIB, MIB, 65 * KIB, 900 * KIB, 64 * KIB, 500 * KIB];

  test("keeps its messages: they stay as they came, in memory of their own and of their length", async () => {
    const { peer, connection } = await meet({}, join, setup());
    const kept: Uint8Array[] = [];
    connection.handle({ message: (_socket, message) => void kept.push(message as Uint8Array) });
    const messages = lengths.map((length, i) => patterned(length, i));
    for (const message of messages) peer.send(binary(message));
    await until(() => kept.length === messages.length);
    for (const [i, message] of kept.entries()) {
      expect(message.buffer.byteLength).toBe(message.length);
      expect(memoryOf(message)).toBeUndefined();
      expect(messages[i]?.equals(message)).toBe(true);
    }
  });

  test("and reads them one by one, or comes back for the one that waits, gets each whole", async () => {
    const { peer, connection } = await meet({}, join, setup());
    const messages = [...lengths, ...lengths].map((length, i) => patterned(length, i));
    for (const message of messages) peer.send(binary(message));
    const kept: Uint8Array[] = [];
    for (const [i] of messages.entries()) {
      if (i % 3 === 2) await nextTurn(); // nobody reads meanwhile
      kept.push((await connection.receive()) as Uint8Array);
    }
    for (const [i, message] of kept.entries()) {
      expect(memoryOf(message)).toBeUndefined();
      expect(messages[i]?.equals(message)).toBe(true);
    }
  });
});

describe.each(transportPaths)("a handler that borrows, on $title", ({ join = {}, setup = () => ({}) }) => {
  test("gets every message whole, and what it sends is what it got", async () => {
    const { peer, connection } = await meet({}, join, setup());
    connection.handle(echo);
    for (const length of [0, 1, 65, 4 * KIB, 33 * KIB, 40 * KIB, 64 * KIB, 65 * KIB, 300 * KIB, MIB]) {
      const message = patterned(length, length);
      peer.send(binary(message), text("t".repeat(length)), binary(message));
      await expectBinary(peer, message);
      expect(await peer.hear()).toEqual({ text: "t".repeat(length) });
      await expectBinary(peer, message);
    }
  });

  test("gets messages in fragments, with control frames between them", async () => {
    const { peer, connection } = await meet({}, join, setup());
    connection.handle(echo);
    const message = patterned(900 * KIB);
    const cuts = [0, 200 * KIB, 200 * KIB, 201 * KIB, 700 * KIB, 900 * KIB];
    for (let i = 1; i < cuts.length; i++) {
      const payload = message.subarray(cuts[i - 1], cuts[i]);
      peer.send({ opcode: i === 1 ? 0x2 : 0x0, payload, isFinal: i === cuts.length - 1 }, ping(String(i)));
    }
    let said = await peer.hear();
    // Where a write is under way only the latest of them is answered.
    while (said !== undefined && "pong" in said) said = await peer.hear();
    expectSame(said, message);
  });

  test("sends what it got to one that does not read, and nothing that comes later gets into it", async () => {
    const { peer, connection, server } = await meet({}, join, setup());
    const deaf = await RawPeer.join(server.port, join);
    const other = await server.accepted();
    deaf.raw.stopReading();
    connection.handle({
      borrows: true,
      message: (_socket, message) => {
        void other.send(message);
      },
    });
    const lengths = [700 * KIB, 40 * KIB, 500 * KIB, 100, MIB, 50 * KIB, 600 * KIB, 900 * KIB];
    const messages: Buffer[] = [];
    // Until the kernel's buffers are full, and then some.
    while (other.bufferedBytes < 3 * MIB) {
      const message = patterned(lengths[messages.length % lengths.length] as number, messages.length);
      messages.push(message);
      peer.send(binary(message), ping());
      expect(await peer.hear()).toEqual({ pong: "" });
    }
    deaf.raw.readOn();
    for (const message of messages) await expectBinary(deaf, message);
  });

  test("may send it, and part of it, behind a message that is still to be read", async () => {
    const { peer, connection } = await meet({}, join, setup());
    const blob = new ControlledBlob();
    void connection.send(blob);
    let heard = 0;
    connection.handle({
      borrows: true,
      message: (socket, message) => {
        heard++;
        void socket.send(message);
        if (message instanceof Uint8Array) void socket.send(message.subarray(1_000));
      },
    });
    const messages = [40 * KIB, 200 * KIB, 41 * KIB, 201 * KIB].map((length) => patterned(length, length));
    for (const message of messages) peer.send(binary(message));
    await until(() => heard === messages.length);
    blob.give("first");
    await expectBinary(peer, Buffer.from("first"));
    for (const message of messages) {
      await expectBinary(peer, message);
      await expectBinary(peer, message.subarray(1_000));
    }
  });

  test("that is asynchronous gets the next when it is done", async () => {
    const { peer, connection } = await meet({}, join, setup());
    connection.handle({
      borrows: true,
      message: async (socket, message) => {
        const sent = socket.send(message);
        await nextTurn();
        await sent;
      },
    });
    const messages = [300 * KIB, 10, 100 * KIB, 40 * KIB].map((length) => patterned(length, length));
    peer.send(...messages.map((message) => binary(message)));
    for (const message of messages) await expectBinary(peer, message);
  });

  test("lends memory again that was lent to connections that ended in the middle of a message", async () => {
    const { peer, connection, server } = await meet({}, join, setup());
    const ends = ["cut", "fault", "close"] as const;
    for (let i = 0; i < MANY; i++) {
      const leaver = await RawPeer.join(server.port, join);
      const left = await server.accepted();
      left.handle({ borrows: true, error: () => {} });
      const whole = leaver.bytesOf(binary(patterned(500 * KIB)));
      leaver.raw.write(whole.subarray(0, 300 * KIB));
      await nextTurn();
      const end = ends[i % ends.length];
      if (end === "close") void left.close();
      if (end === "fault") leaver.raw.write(whole.subarray(300 * KIB), leaver.bytesOf({ opcode: 0x3 }));
      leaver.raw.socket.destroy();
      await left.closed;
    }
    await expectLent(peer, connection);
  });

  test("does not get what is read into memory that a message of another is in", async () => {
    const { peer, connection, server } = await meet({}, join, setup());
    connection.handle(echo);
    // It is at fault in the middle of a long frame, and goes on sending to where that was gathered.
    const bad = await RawPeer.join(server.port, join);
    const atFault = await server.accepted();
    atFault.handle({ borrows: true, error: () => {} });
    const long = bad.bytesOf(text("é".repeat(400 * KIB)));
    long.fill(0xff, 300 * KIB);
    bad.raw.write(long.subarray(0, 200 * KIB));
    await nextTurn();
    bad.raw.write(long.subarray(200 * KIB));
    for (let i = 0; i < 10; i++) {
      const message = patterned(800 * KIB, i);
      peer.send(binary(message));
      bad.raw.write(new Uint8Array(100 * KIB));
      await expectBinary(peer, message);
    }
    bad.raw.socket.destroy();
  });
});

describe("what comes of a long message, without a socket of Node's", () => {
  const keeper = { ...echo, borrows: false };

  async function placesOfReads(frame: FrameSpec, handler: ConnectionHandler<undefined>): Promise<number[]> {
    const { peer, connection } = await meet({ maxMessageBytes: 2 * MIB }, {}, { bare: true });
    const onRead = vi.spyOn(BareSocket.prototype, "onRead");
    onTestFinished(() => onRead.mockRestore());
    connection.handle(handler);
    for (let i = 0; i < 2; i++) {
      peer.send(frame);
      await peer.hear();
    }
    peer.say("short", "y".repeat(6 * KIB));
    await peer.hear();
    await peer.hear();
    return onRead.mock.calls.map(([, bytes]) => bytes.length);
  }

  test("is read to where it is gathered", async () => {
    const long = binary(patterned(MIB));
    const takers = [
      [long, echo],
      [long, keeper],
      [text("x".repeat(MIB)), echo],
    ] as const;
    for (const [frame, handler] of takers) {
      const places = await placesOfReads(frame, handler);
      // The room for the rest; behind that message little is read before it is known what comes.
      expect(places.slice(0, 2)).toEqual([64 * KIB, MIB + 14 - 64 * KIB]);
      const next = places.indexOf(4 * KIB);
      expect(places.slice(next, next + 2)).toEqual([4 * KIB, MIB + 14 - 4 * KIB]);
      expect(places.at(-1)).toBe(64 * KIB);
    }
  });

  test("is read to where all is read, if it is longer than the memory that others use again", async () => {
    const places = await placesOfReads(binary(patterned(MIB + 1)), keeper);
    expect(new Set(places).size).toBe(1);
  });
});

/** Sends `beginning`, of a message that somebody waits for, until then: it is gathered in memory that is used again. */
async function giveUpBehind(beginning: Uint8Array, peer: RawPeer, connection: Connection<undefined>): Promise<void> {
  const giveUp = new AbortController();
  const received = connection.receive({ signal: giveUp.signal }).catch(() => "given up");
  peer.raw.write(beginning);
  for (let i = 0; i < 5; i++) await nextTurn();
  giveUp.abort();
  expect(await received).toBe("given up");
}

describe("long text", () => {
  test("that nobody waits for any more comes as a stream from its beginning, while others are read", async () => {
    const { peer, connection, server } = await meet({}, {}, { bare: true });
    const whole = "0123456789abcdef".repeat(50 * KIB);
    const other = await RawPeer.join(server.port);
    (await server.accepted()).handle({ message: (socket, message) => socket.write(message) });
    const bytes = peer.bytesOf(text(whole));
    await giveUpBehind(bytes.subarray(0, 200 * KIB), peer, connection);
    const stream = await connection.receiveStream();
    const between = "between".repeat(100 * KIB);
    other.say(between);
    peer.raw.write(bytes.subarray(200 * KIB));
    let read = "";
    if (stream?.type === "text") for await (const piece of stream) read += piece;
    expect(read === whole).toBe(true);
    expect(((await other.hear()) as { text: string }).text === between).toBe(true);
  });
});

describe("memory for long messages", () => {
  test("is not lost to what nobody reads to its end", async () => {
    const { peer, connection, server } = await meet({}, {}, { bare: true });
    const kept: unknown[] = [];
    for (let i = 0; i < 20; i++) {
      const leaver = await RawPeer.join(server.port);
      const left = await server.accepted();
      kept.push(left);
      const whole = leaver.bytesOf(text("x".repeat(1000 * KIB)));
      // More than is gathered for nobody, the rest of it kept: only a write tells that the peer has gone.
      await giveUpBehind(whole.subarray(0, 60 * KIB), leaver, left);
      for (let at = 60 * KIB; at < 600 * KIB; at += 60 * KIB) {
        leaver.raw.write(whole.subarray(at, at + 60 * KIB));
        await nextTurn();
      }
      leaver.raw.reset();
      while (left.state !== "closed") {
        left.write("news");
        await nextTurn();
      }
    }
    await expectLent(peer, connection);
  });

  test("is not used for what nobody waits for", async () => {
    const { peer, connection } = await meet({}, {}, { bare: true });
    const onRead = vi.spyOn(BareSocket.prototype, "onRead");
    onTestFinished(() => onRead.mockRestore());
    const whole = "x".repeat(200 * KIB);
    peer.say(whole);
    for (let i = 0; i < 20; i++) await nextTurn();
    expect(new Set(onRead.mock.calls.map(([, bytes]) => bytes.length)).size).toBe(1);
    expect((await connection.receive()) === whole).toBe(true);
  });

  test("is not made anew for that of connections that are cut", async () => {
    const { server } = await meet({}, {}, { bare: true });
    function all(): ReadonlySet<ReusedMemory | undefined> {
      const memories = Array.from({ length: 20 }, () => memoryFor(MIB, MIB));
      for (const memory of memories) memory?.release();
      return new Set(memories);
    }
    const before = all();
    for (let i = 0; i < 20; i++) {
      const leaver = await RawPeer.join(server.port);
      const left = await server.accepted();
      left.handle({ borrows: true, error: () => {} });
      leaver.raw.write(leaver.bytesOf(binary(patterned(500 * KIB))).subarray(0, 300 * KIB));
      await nextTurn();
      await nextTurn();
      leaver.raw.reset();
      await left.closed;
    }
    expect([...all()].every((memory) => before.has(memory))).toBe(true);
  });

  test("is not kept by text that became a stream", async () => {
    const { peer, connection, server } = await meet({}, {}, { bare: true });
    for (let i = 0; i < 20; i++) {
      const other = await RawPeer.join(server.port);
      const reader = await server.accepted();
      const whole = other.bytesOf(text("x".repeat(500 * KIB)));
      await giveUpBehind(whole.subarray(0, 200 * KIB), other, reader);
      const stream = await reader.receiveStream();
      other.raw.write(whole.subarray(200 * KIB));
      let length = 0;
      if (stream?.type === "text") for await (const piece of stream) length += piece.length;
      expect(length).toBe(500 * KIB);
    }
    await expectLent(peer, connection);
  });

  test("is not made for more than sixteen at a time, nor for what is longer than 1 MiB or shorter than 64 KiB", () => {
    const memories = Array.from({ length: 40 }, () => memoryFor(64 * KIB, 0));
    expect(new Set(memories).size).toBeLessThanOrEqual(17);
    expect(memories.at(-1)).toBeUndefined();
    for (const memory of memories) memory?.release();
    expect(memoryFor(MIB + 1, MIB + 1)).toBeUndefined();
    expect(memoryFor(64 * KIB, MIB + 1)).toBeUndefined();
    expect(memoryFor(64 * KIB - 1, MIB)).toBeUndefined();
    const memory = memoryFor(MIB, MIB);
    expect(memories.includes(memory)).toBe(true);
    memory?.release();
  });

  test("is not read into ahead of who asks for the message, beyond what is gathered for nobody", async () => {
    const onRead = vi.spyOn(BareSocket.prototype, "onRead");
    onTestFinished(() => onRead.mockRestore());
    const { peer, connection } = await meet({}, {}, { bare: true });
    const whole = "x".repeat(MIB);
    const bytes = peer.bytesOf(text(whole));
    await giveUpBehind(bytes.subarray(0, 100 * KIB), peer, connection);
    peer.raw.write(bytes.subarray(100 * KIB));
    for (let i = 0; i < 50; i++) await nextTurn();
    const read = onRead.mock.calls.reduce((sum, [length]) => sum + length, 0);
    expect(read).toBeLessThan(400 * KIB);
    expect((await connection.receive()) === whole).toBe(true);
  });

  test("of a message that is too long for it goes with that message", async () => {
    const { peer, connection } = await meet({ maxMessageBytes: 64 * MIB }, {}, { bare: true });
    const before = liveBytes();
    connection.handle({ borrows: true, message: (socket, message) => void socket.write(String(message.length)) });
    peer.send(binary(new Uint8Array(40 * MIB)));
    expect(await peer.hear()).toEqual({ text: String(40 * MIB) });
    await nextTurn();
    // The peer of this test has the frame that it sent no more either.
    await until(() => liveBytes() - before < 20 * MIB);
  });
});

describe("borrows", () => {
  test("is true or false", async () => {
    const { connection } = await meet();
    expect(() => connection.handle({ borrows: 1 as never })).toThrow(
      `the handler's "borrows" is 1; it takes true or false`,
    );
    expect(() => connection.handle({ borows: true } as never)).toThrow(
      `a handler has no "borows"; it takes open, message, drain, close, error, borrows`,
    );
  });

  test("is off by default: a message is yours, in memory of its own", async () => {
    const { peer, connection } = await meet({}, {}, { bare: true });
    const kept: Uint8Array[] = [];
    connection.handle({ message: (_, message) => void (message instanceof Uint8Array && kept.push(message)) });
    for (const length of [100, 40 * KIB, 500 * KIB]) peer.send(binary(patterned(length, length)));
    await until(() => kept.length === 3);
    for (const message of kept) {
      expect(message.buffer.byteLength).toBe(message.length);
      expect(Buffer.compare(message, patterned(message.length, message.length))).toBe(0);
    }
  });
});
