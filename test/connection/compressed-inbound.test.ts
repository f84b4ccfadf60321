import { randomBytes } from "node:crypto";
import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compressionMemory } from "../../src/connection/deflate/compression-memory.js";
import { defer } from "../../src/internal/deferred.js";
import { compressedFrames, meetCompressed } from "../support/compressing-peer.js";
import { meet } from "../support/meeting.js";
import { ping, text } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";

const KIB = 1024;
const MIB = 1024 * KIB;

function pack(message: Uint8Array | string): Buffer {
  return deflateRawSync(Buffer.from(message), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

describe("a connection with compression receives", () => {
  test("texts and binary messages, compressed or not, in order", async () => {
    const { peer, connection } = await meetCompressed();
    peer.say("héllo ⚓");
    peer.raw.send(text("plain"));
    peer.say(Buffer.from([0, 127, 128, 255]), "", "héllo ⚓");
    expect(await connection.receive()).toBe("héllo ⚓");
    expect(await connection.receive()).toBe("plain");
    expect(await connection.receive()).toEqual(Uint8Array.of(0, 127, 128, 255));
    expect(await connection.receive()).toBe("");
    expect(await connection.receive()).toBe("héllo ⚓");
  });

  test("RFC 7692 §6.2: a message in fragments, control frames between them", async () => {
    const { peer, connection } = await meetCompressed();
    const message = "fragmented ⚓ ".repeat(50);
    const frames = peer.frames(message, 7);
    peer.raw.send(...frames.flatMap((frame, i) => [frame, ping(String(i))]));
    expect(await connection.receive()).toBe(message);
    for (let i = 0; i < 7; i++) expect(await peer.raw.hear()).toEqual({ pong: String(i) });
  });

  test("what comes one byte at a time", async () => {
    const { peer, connection } = await meetCompressed();
    const message = randomBytes(50);
    peer.raw.send(...peer.frames(message, 40));
    expect(await connection.receive()).toEqual(new Uint8Array(message));
  });

  test("short and long messages in order, a handler taking each at once", async () => {
    const { peer, connection } = await meetCompressed({ maxMessageBytes: 10 * MIB });
    const received: unknown[] = [];
    connection.handle({ message: (_, message) => void received.push(message) });
    const messages = [
      "first",
      "x".repeat(2 * MIB),
      "second",
      randomBytes(300_000).toString("hex"),
      "third",
      "",
      "last",
    ];
    peer.say(...messages);
    await until(() => received.length === messages.length);
    expect(received).toEqual(messages);
  });

  test("each message only when a slow handler is done with the one before", async () => {
    const { peer, connection } = await meetCompressed();
    let isBusy = false;
    let count = 0;
    connection.handle({
      message: async () => {
        expect(isBusy).toBe(false);
        isBusy = true;
        await nextTurn();
        isBusy = false;
        count++;
      },
    });
    peer.say("one", "x".repeat(500_000), "two", "y".repeat(500_000), "three");
    await until(() => count === 5);
  });

  test("nothing more while a slow handler runs, and all of it later", async () => {
    const { peer, connection } = await meetCompressed();
    const gate = defer<void>();
    const received: unknown[] = [];
    connection.handle({
      message: async (_, message) => {
        received.push(message);
        await gate.promise;
      },
    });
    peer.say("one", "x".repeat(500_000), "two");
    for (let i = 0; i < 20; i++) await nextTurn();
    expect(received).toEqual(["one"]);
    gate.resolve();
    await until(() => received.length === 3);
    expect(received).toEqual(["one", "x".repeat(500_000), "two"]);
  });

  test("a message that is still being inflated when the close frame behind it comes", async () => {
    const { peer, connection } = await meetCompressed();
    peer.say("x".repeat(MIB));
    peer.raw.close(4000, "bye");
    expect(await connection.receive()).toBe("x".repeat(MIB));
    expect(await connection.receive()).toBeUndefined();
    await peer.raw.leave();
    expect(await connection.closed).toMatchObject({ code: 4000, by: "peer", clean: true });
  });

  test("a message that is still being inflated when the peer ends", async () => {
    const { peer, connection } = await meetCompressed();
    peer.say("x".repeat(MIB));
    peer.raw.raw.end();
    expect(await connection.receive()).toBe("x".repeat(MIB));
    expect(await connection.closed).toMatchObject({ code: 1006 });
  });

  test("a message from before the peer has gone, when somebody reads at last", async () => {
    const before = compressionMemory.usedBytes;
    const { peer, connection } = await meetCompressed();
    peer.say("one", "x".repeat(MIB), "two");
    await nextTurn();
    peer.raw.raw.end();
    await nextTurn();
    connection.terminate();
    await connection.closed;
    expect(compressionMemory.usedBytes).toBe(before);
  });

  test("messages without context takeover, many connections at a time", async () => {
    const meetings = [];
    for (let i = 0; i < 5; i++) {
      meetings.push(await meetCompressed({}, "permessage-deflate; client_no_context_takeover"));
    }
    const messages = meetings.map((_, i) => `message ${i} `.repeat(30));
    const frames = meetings.map(({ peer }, i) => peer.frames(messages[i]!, 6));
    for (let at = 0; at < 6; at++) {
      for (const [i, { peer }] of meetings.entries()) peer.raw.send(frames[i]![at]!);
      await nextTurn();
    }
    for (const [i, { connection }] of meetings.entries()) expect(await connection.receive()).toBe(messages[i]);
  });
});

describe("a connection with compression closes", () => {
  test.each([
    ["invalid-deflate", 1007, "data that is not DEFLATE", Buffer.of(0xff)],
    ["invalid-deflate", 1007, "data that is cut", pack("Hello Hello Hello").subarray(0, -3)],
    ["message-too-big", 1009, "a message above maxMessageBytes once inflated", pack("x".repeat(10_001))],
    ["invalid-utf8", 1007, "text that is not UTF-8 once inflated", pack(Buffer.of(0x61, 0xff))],
    ["invalid-utf8", 1007, "text that ends within a character once inflated", pack(Buffer.of(0x61, 0xe2, 0x82))],
  ])("with %s (%i) for %s", async (fault, code, _, payload) => {
    for (const count of [1, 3]) {
      const { peer, connection } = await meetCompressed({ maxMessageBytes: 10_000 });
      connection.handle({});
      peer.say("a good one first");
      peer.raw.send(...compressedFrames(0x1, payload, count), text("ignored"));
      expect(await peer.raw.leave()).toEqual([{ close: code, reason: fault }]);
      expect(await connection.closed).toMatchObject({ code, by: "us", clean: false, error: { fault } });
    }
  });

  test("with invalid-utf8 (1007) at the first bad byte, before the message ends", async () => {
    const { peer } = await meetCompressed();
    const whole = deflateRawSync(Buffer.of(0x61, 0xff, ...Buffer.alloc(100)), { finishFlush: constants.Z_SYNC_FLUSH });
    peer.raw.send({ ...compressedFrames(0x1, whole)[0]!, isFinal: false });
    expect(await peer.raw.hear()).toEqual({ close: 1007, reason: "invalid-utf8" });
  });

  test("with message-too-big (1009) as soon as it is, before the message ends", async () => {
    const { peer } = await meetCompressed({ maxMessageBytes: 1000 });
    const whole = deflateRawSync(Buffer.alloc(2000), { finishFlush: constants.Z_SYNC_FLUSH });
    peer.raw.send({ ...compressedFrames(0x2, whole)[0]!, isFinal: false });
    expect(await peer.raw.hear()).toEqual({ close: 1009, reason: "message-too-big" });
  });

  test("RFC 7692 §6.1: with reserved-bit (1002) for RSV1 on a continuation or control frame", async () => {
    for (const bad of [{ opcode: 0x0 }, { opcode: 0x8 }, { opcode: 0x9 }, { opcode: 0xa }]) {
      const { peer } = await meetCompressed();
      const [first] = peer.frames("two fragments", 2);
      peer.raw.send(first!, { ...bad, reservedBits: 4 });
      expect(await peer.raw.hear()).toEqual({ close: 1002, reason: "reserved-bit" });
    }
  });

  test("with reserved-bit (1002) for RSV1 where compression was not agreed on", async () => {
    const { peer } = await meet({ compression: true });
    peer.send(...compressedFrames(0x1, pack("Hello")));
    expect(await peer.hear()).toEqual({ close: 1002, reason: "reserved-bit" });
  });

  test("with unsupported-data (1003) for a type that is not taken, compressed or not", async () => {
    const { peer } = await meetCompressed({ messageTypes: "text" });
    peer.raw.send(...compressedFrames(0x2, pack("binary")));
    expect(await peer.raw.hear()).toEqual({ close: 1003, reason: "unsupported-data" });
  });

  test("by our wish, and inflates no more of what still comes", async () => {
    const { peer, connection } = await meetCompressed();
    const closed = connection.close(4000);
    peer.say("x".repeat(MIB), "too late");
    peer.raw.send(...compressedFrames(0x1, Buffer.of(0xff)));
    peer.raw.close(4000);
    expect(await peer.raw.leave()).toEqual([{ close: 4000, reason: "" }]);
    expect(await closed).toMatchObject({ code: 4000, clean: true });
  });
});

describe("a compressed message is read as a stream", () => {
  async function readAll(stream: AsyncIterable<string | Uint8Array>): Promise<(string | Uint8Array)[]> {
    const pieces = [];
    for await (const piece of stream) pieces.push(piece);
    return pieces;
  }

  test("as it arrives, and then the next one whole", async () => {
    const { peer, connection } = await meetCompressed();
    const [first, second] = peer.frames("héllo ⚓ ".repeat(100), 2);
    peer.raw.send(first!);
    const stream = await connection.receiveStream();
    expect(stream?.type).toBe("text");
    peer.raw.send(second!);
    expect((await readAll(stream!)).join("")).toBe("héllo ⚓ ".repeat(100));
    peer.say("next");
    expect(await connection.receive()).toBe("next");
  });

  test("from its beginning, though some of it had come before anybody asked", async () => {
    const { peer, connection } = await meetCompressed();
    const [first, second] = peer.frames(Buffer.alloc(1000, "abc"), 2);
    peer.raw.send(first!);
    for (let i = 0; i < 5; i++) await nextTurn();
    const reading = connection.receiveStream();
    peer.raw.send(second!);
    const pieces = (await readAll((await reading)!)) as Uint8Array[];
    expect(Buffer.concat(pieces).equals(Buffer.alloc(1000, "abc"))).toBe(true);
  });

  test("piece by piece, however much a few bytes stand for", async () => {
    const { peer, connection } = await meetCompressed({ maxMessageBytes: 100 * MIB });
    peer.say(Buffer.alloc(20 * MIB));
    let bytes = 0;
    let longest = 0;
    for await (const piece of (await connection.receiveStream())!) {
      bytes += piece.length;
      longest = Math.max(longest, piece.length);
      await nextTurn();
    }
    expect(bytes).toBe(20 * MIB);
    expect(longest).toBeLessThanOrEqual(64 * KIB);
    peer.say("next");
    expect(await connection.receive()).toBe("next");
  });

  test("or dropped in the middle, and the next one read", async () => {
    const { peer, connection } = await meetCompressed({ maxMessageBytes: 100 * MIB });
    peer.say(Buffer.alloc(5 * MIB), "next");
    for await (const piece of (await connection.receiveStream())!) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(await connection.receive()).toBe("next");
  });

  test("until the connection ends in its middle", async () => {
    const { peer, connection } = await meetCompressed();
    peer.raw.send(peer.frames(randomBytes(1000), 2)[0]!);
    const stream = await connection.receiveStream();
    peer.raw.raw.end();
    await expect(readAll(stream!)).rejects.toMatchObject({ code: "message-cut" });
  });
});
