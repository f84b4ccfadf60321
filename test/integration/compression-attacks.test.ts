import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { promisify } from "node:util";
import { constants, createInflateRaw, deflateRaw, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compressionMemory } from "../../src/connection/deflate/compression-memory.js";
import { defer } from "../../src/internal/deferred.js";
import { compressedFrames, meetCompressed } from "../support/compressing-peer.js";
import type { FrameSpec } from "../protocol/support/frame-bytes.js";
import { under } from "../support/memory-ceiling.js";
import { continuation } from "../support/raw-peer.js";
import { nextTurn, until } from "../support/turns.js";
import { compressingVictims, type Victim } from "../support/victim.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What an attack may have in use at any time; each stands for ten times as much, or more. */
const CEILING = 6 * MIB;

/** One KiB that stands for one MiB of zeros, wherever it follows on zeros. */
const mebibyte = deflateRawSync(Buffer.alloc(MIB), {
  finishFlush: constants.Z_SYNC_FLUSH,
  dictionary: Buffer.alloc(32 * KIB),
  level: 9,
});

/** A message of so many MiB of zeros, in one KiB each. */
function bomb(mebibytes: number): Buffer {
  const first = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_SYNC_FLUSH, level: 9 });
  const rest = Array.from({ length: mebibytes - 1 }, () => mebibyte);
  return Buffer.concat([first, ...rest]).subarray(0, -4);
}

/** Takes the time that inflating `payload` takes, and keeps nothing of it. */
async function inflate(payload: Buffer): Promise<void> {
  const inflating = createInflateRaw();
  inflating.resume().end(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff, 3, 0])]));
  await once(inflating, "end");
}

/** One message that does not shrink. */
function noise(length: number): Buffer {
  return deflateRawSync(randomBytes(length), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** Has the peer send `frames` until the connection ends, or all are read. */
async function send({ peer, connection }: Victim, frames: readonly FrameSpec[]): Promise<void> {
  for (let i = 0; connection.state === "open" && i < frames.length; i += 1_000) {
    peer.send(...frames.slice(i, i + 1_000));
    await nextTurn();
  }
}

describe.each(Object.entries(compressingVictims))("the memory of %s stays bounded", (_, meetVictim) => {
  test.each([1, 1_000])("with a message of 1 GiB in 1 MiB, in %i frames", async (count) => {
    const victim = await meetVictim({ maxMessageBytes: 2 * MIB });
    victim.connection.handle({});
    const frames = compressedFrames(0x2, bomb(1024), count);
    await under(CEILING, async () => {
      await send(victim, frames);
      expect(await victim.peer.hear()).toEqual({ close: 1009, reason: "message-too-big" });
    });
  });

  test("with 12 bombs of 1 MiB each, before a slow handler", async () => {
    const victim = await meetVictim();
    const payload = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_SYNC_FLUSH, level: 9 });
    const gate = defer<void>();
    const lengths: number[] = [];
    victim.connection.handle({
      message: async (_connection, message) => {
        await gate.promise;
        lengths.push(message.length);
      },
    });
    await under(CEILING, async () => {
      for (let i = 0; i < 12; i++) victim.peer.send(...compressedFrames(0x2, payload.subarray(0, -4)));
      await victim.hasReadAll();
      await inflate(bomb(12));
      expect(lengths).toEqual([]);
      gate.resolve();
      await until(() => lengths.length === 12);
    });
    expect(new Set(lengths)).toEqual(new Set([MIB]));
  });

  test("with a message of 16 MiB that is read as a stream", async () => {
    const { peer, connection } = await meetVictim({ maxMessageBytes: 1024 * MIB });
    const frames = compressedFrames(0x2, bomb(16));
    await under(CEILING, async () => {
      peer.send(...frames);
      let bytes = 0;
      for await (const piece of (await connection.receiveStream())!) bytes += piece.length;
      expect(bytes).toBe(16 * MIB);
    });
  });

  test.each<[who: string, isAskedFor: boolean]>([
    ["that nobody reads", false],
    ["whose stream nobody reads", true],
  ])("with a message of 16 MiB %s", async (_who, isAskedFor) => {
    const { peer, connection } = await meetVictim({ maxMessageBytes: 1024 * MIB });
    const payload = bomb(16);
    const frames = compressedFrames(0x2, payload);
    await under(CEILING, async () => {
      peer.send(...frames);
      if (isAskedFor) await connection.receiveStream();
      await inflate(payload);
    });
    expect(connection.state).toBe("open");
  });

  test("with endless empty fragments: they are counted, and the connection ends", async () => {
    const victim = await meetVictim();
    victim.connection.handle({});
    const [begun] = compressedFrames(0x2, noise(1_000), 2);
    const empty = Array.from({ length: 18_000 }, () => continuation("", false));
    await under(CEILING, async () => {
      await send(victim, [begun!, ...empty]);
      await victim.hasReadAll();
      expect(victim.connection.state).not.toBe("open");
      expect(await victim.peer.hear()).toEqual({ close: 1008, reason: "too-many-fragments" });
    });
  });

  test("with a message in fragments of one byte: they are counted, and the connection ends", async () => {
    const victim = await meetVictim({ maxFragments: 3_000 });
    victim.connection.handle({});
    const payload = noise(4_000);
    await under(CEILING, async () => {
      await send(victim, compressedFrames(0x2, payload, payload.length));
      await victim.hasReadAll();
      expect(victim.connection.state).not.toBe("open");
      expect(await victim.peer.hear()).toEqual({ close: 1008, reason: "too-many-fragments" });
    });
  });

  test("with a message in one-byte packets", async () => {
    const victim = await meetVictim();
    const payload = noise(1_000);
    const [frame] = compressedFrames(0x2, payload);
    await under(CEILING, async () => {
      const message = victim.connection.receive();
      await victim.peer.raw.drip(victim.peer.bytesOf(frame!));
      expect(await message).toHaveLength(1_000);
    });
  });

  test("with a peer that never reads, and an endpoint that waits for each send", async () => {
    const compression = { thresholdBytes: 0, level: 1 };
    const { peer, connection } = await meetVictim({ maxBufferedBytes: Infinity, compression });
    peer.raw.stopReading();
    await under(CEILING, async () => {
      let isOver = false;
      void (async () => {
        for (; !isOver; await nextTurn()) await connection.send(randomBytes(128 * KIB), { compress: true });
      })().catch(() => {});
      await until(() => connection.needsDrain);
      for (let i = 0; i < 60; i++) await promisify(deflateRaw)(randomBytes(128 * KIB), { level: 1 }); // time for as many sends
      isOver = true;
    });
    expect(connection.bufferedBytes).toBeLessThan(256 * KIB + 129 * KIB);
    expect(connection.state).toBe("open");
  });

  test("with a peer that never reads, and an endpoint that never waits: it is cut off", async () => {
    const { peer, connection } = await meetVictim({ maxBufferedBytes: MIB });
    peer.raw.stopReading();
    await under(CEILING, async () => {
      while (connection.state === "open") {
        connection.write(randomBytes(128 * KIB), { compress: true });
        await nextTurn();
      }
    });
    expect((await connection.closed).error?.code).toBe("send-buffer-full");
  });
});

describe("the memory of compression stays bounded", () => {
  test("with connections that come and go, in every mode", async () => {
    const before = compressionMemory.usedBytes;
    const offers = ["", "; client_no_context_takeover", "; server_no_context_takeover"];
    const meetings = [];
    for (let i = 0; i < 30; i++) meetings.push(await meetCompressed({}, `permessage-deflate${offers[i % 3]}`));
    for (const { peer, connection } of meetings) {
      connection.handle({ message: (socket, message) => socket.write(message) });
      peer.say("x".repeat(100_000), "short");
      // A message under way holds an inflater of its own.
      peer.raw.send(peer.frames("never ended", 2)[0]!);
    }
    for (const { peer } of meetings) {
      expect(await peer.hear()).toBe("x".repeat(100_000));
      expect(await peer.hear()).toBe("short");
    }
    for (const { connection } of meetings) connection.terminate();
    for (const { connection } of meetings) await connection.closed;
    // But for the shared ones, of which four of a kind are kept.
    expect(compressionMemory.usedBytes - before).toBeLessThanOrEqual(4 * 124 * KIB + 4 * 48 * KIB);
  });
});

describe("a peer cannot keep the event loop busy", () => {
  test("with messages of nothing but final blocks", async () => {
    const { peer, connection } = await meetCompressed();
    connection.handle({});
    peer.raw.send(...compressedFrames(0x2, Buffer.from("0300".repeat(100_000), "hex")));
    expect(await peer.raw.hear()).toEqual({ close: 1007, reason: "invalid-deflate" });
  });

  test("with messages of nothing but empty blocks, which are through at the speed of zlib", async () => {
    const { peer, connection } = await meetCompressed();
    const payload = Buffer.concat([Buffer.from("000000ffff".repeat(100_000), "hex"), Buffer.of(0)]);
    peer.raw.send(...compressedFrames(0x2, payload), ...compressedFrames(0x1, peer.deflate.pack("next")));
    expect(await connection.receive()).toEqual(new Uint8Array(0));
    expect(await connection.receive()).toBe("next");
  });
});
