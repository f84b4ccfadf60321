import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compressionMemory } from "../../src/connection/deflate/compression-memory.js";
import { compressedFrames, meetCompressed } from "../support/compressing-peer.js";
import { liveBytes } from "../support/live-bytes.js";
import { nextTurn, until } from "../support/turns.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** What an attack may leave in use; each stands for a hundred times as much, or more. */
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

/** The most bytes in use beyond those at the beginning, looked at whenever `look` is called. */
function watchGrowth(): { look: () => void; most: () => number } {
  const before = liveBytes();
  let most = 0;
  return { look: () => (most = Math.max(most, liveBytes() - before)), most: () => most };
}

describe("memory stays bounded", { timeout: 30_000 }, () => {
  test("with a message of 1 GiB in 1 MiB, of which no more is inflated than maxMessageBytes", async () => {
    const { peer, connection } = await meetCompressed({ maxMessageBytes: 2 * MIB });
    connection.handle({});
    const payload = bomb(1024);
    const growth = watchGrowth();
    peer.raw.send(...compressedFrames(0x2, payload));
    expect(await peer.raw.hear()).toEqual({ close: 1009, reason: "message-too-big" });
    growth.look();
    expect(growth.most()).toBeLessThan(CEILING);
  });

  test("with the same in a thousand fragments", async () => {
    const { peer, connection } = await meetCompressed({ maxMessageBytes: 2 * MIB });
    connection.handle({});
    const payload = bomb(1024);
    const growth = watchGrowth();
    peer.raw.send(...compressedFrames(0x2, payload, 1000));
    expect(await peer.raw.hear()).toEqual({ close: 1009, reason: "message-too-big" });
    growth.look();
    expect(growth.most()).toBeLessThan(CEILING);
  });

  test("with 100 bombs of 1 MiB each, before a slow handler", async () => {
    const { peer, connection } = await meetCompressed();
    const payload = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_SYNC_FLUSH, level: 9 });
    const growth = watchGrowth();
    let count = 0;
    connection.handle({
      message: async (_, message) => {
        expect(message).toHaveLength(MIB);
        if (++count % 20 === 0) growth.look();
        await nextTurn();
      },
    });
    for (let i = 0; i < 100; i++) peer.raw.send(...compressedFrames(0x2, payload.subarray(0, -4)));
    await until(() => count === 100);
    expect(growth.most()).toBeLessThan(CEILING);
  });

  test("with a message of 256 MiB that is read as a stream", async () => {
    const { peer, connection } = await meetCompressed({ maxMessageBytes: 1024 * MIB });
    const payload = bomb(256);
    const growth = watchGrowth();
    peer.raw.send(...compressedFrames(0x2, payload));
    let bytes = 0;
    for await (const piece of (await connection.receiveStream())!) {
      if (Math.floor(bytes / (32 * MIB)) < Math.floor((bytes + piece.length) / (32 * MIB))) growth.look();
      bytes += piece.length;
    }
    expect(bytes).toBe(256 * MIB);
    expect(growth.most()).toBeLessThan(CEILING);
  });

  test("with a message of 256 MiB that nobody reads", async () => {
    const { peer, connection } = await meetCompressed({ maxMessageBytes: 1024 * MIB });
    const growth = watchGrowth();
    peer.raw.send(...compressedFrames(0x2, bomb(256)));
    for (let i = 0; i < 200; i++) await nextTurn();
    growth.look();
    expect(growth.most()).toBeLessThan(CEILING);
    connection.terminate();
  });

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
