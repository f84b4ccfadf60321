import { describe, expect, test } from "vitest";
import {
  CompressionMemory,
  compressionMemory,
  deflateBytes,
} from "../../../src/connection/deflate/compression-memory.js";
import { ContextPool } from "../../../src/connection/deflate/context-pool.js";
import { SharedDeflate, sharedDeflate } from "../../../src/connection/deflate/shared-contexts.js";
import { DeflatingPeer } from "./support/deflating-peer.js";

const settings = { level: 4, memLevel: 6, windowBits: 13 };

describe("shared compressors", () => {
  test("are the same for the same settings, and others for others", () => {
    expect(sharedDeflate({ ...settings })).toBe(sharedDeflate(settings));
    expect(sharedDeflate({ ...settings, level: 5 })).not.toBe(sharedDeflate(settings));
  });

  test("are four at the most, however many messages go to zlib's threads", async () => {
    const before = compressionMemory.usedBytes;
    const shared = new SharedDeflate(settings);
    const message = Buffer.alloc(100_000, "some text to compress ");
    const working = Array.from({ length: 20 }, () => shared.runAside(message));
    expect(compressionMemory.usedBytes).toBe(before + 4 * deflateBytes(settings));
    for (const packed of await Promise.all(working)) {
      expect(new DeflatingPeer().unpack(packed.subarray(0, -4)).equals(message)).toBe(true);
    }
    expect(compressionMemory.usedBytes).toBe(before + 4 * deflateBytes(settings));
  });

  test("go on after one has failed", async () => {
    const shared = new SharedDeflate(settings);
    const context = shared.take();
    const failing = context.runAside(Buffer.alloc(100_000));
    context.close();
    await expect(failing).rejects.toThrow("closed");
    shared.giveBack(context);
    expect(new DeflatingPeer().unpack(shared.runNow(Buffer.from("next"))!.subarray(0, -4)).toString()).toBe("next");
  });
});

describe("a pool of contexts", () => {
  class FakeContext {
    canReset = true;
    resets = 0;
    isClosed = false;

    reset(): void {
      this.resets++;
    }

    close(): void {
      this.isClosed = true;
    }
  }

  test("gives out what it has back, begun anew, before it makes another", () => {
    const pool = new ContextPool(() => new FakeContext(), 10, new CompressionMemory());
    const first = pool.take();
    pool.giveBack(first);
    expect(pool.take()).toBe(first);
    expect(first.resets).toBe(1);
    expect(pool.take()).not.toBe(first);
  });

  test("keeps four, closes what is more, and what cannot begin anew; and counts them all", () => {
    const memory = new CompressionMemory();
    const pool = new ContextPool(() => new FakeContext(), 10, memory);
    const contexts = Array.from({ length: 7 }, () => pool.take());
    expect(memory.usedBytes).toBe(70);
    contexts[0]!.canReset = false;
    for (const context of contexts) pool.giveBack(context);
    expect(contexts.map(({ isClosed }) => isClosed)).toEqual([true, false, false, false, false, true, true]);
    expect(memory.usedBytes).toBe(40);
  });
});
