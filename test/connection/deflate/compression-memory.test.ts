import { describe, expect, test } from "vitest";
import {
  CompressionMemory,
  deflateBytes,
  inflateBytes,
  withinBudget,
} from "../../../src/connection/deflate/compression-memory.js";
import { resolveCompression } from "../../../src/connection/deflate/compression-options.js";

const KIB = 1024;

describe("the memory of compression", () => {
  test("is what was taken and not released", () => {
    const memory = new CompressionMemory();
    memory.take(100);
    memory.take(50);
    memory.release(100);
    expect(memory.usedBytes).toBe(50);
    expect(memory.hasRoom(50, 100)).toBe(true);
    expect(memory.hasRoom(51, 100)).toBe(false);
  });

  test.each([
    [{ windowBits: 15, memLevel: 8 }, 280],
    [{ windowBits: 13, memLevel: 6 }, 124],
    [{ windowBits: 12, memLevel: 5 }, 98],
    [{ windowBits: 15, memLevel: 9 }, 424],
  ])("of a compressor with %j is estimated at %i KiB", (settings, kib) => {
    expect(deflateBytes(settings)).toBe(kib * KIB);
  });

  test("of an inflater is its window and 16 KiB", () => {
    expect(inflateBytes(15)).toBe(48 * KIB);
  });
});

describe("what is negotiated", () => {
  const options = resolveCompression({ maxMemoryBytes: 1000 * KIB })!;
  /** A compressor of the default settings and an inflater of the widest window. */
  const bytes = (124 + 48) * KIB;
  const used = (usedBytes: number): CompressionMemory => {
    const memory = new CompressionMemory();
    memory.take(usedBytes);
    return memory;
  };

  test("is what the options say while the budget has room for one more connection", () => {
    expect(withinBudget(options, used(1000 * KIB - bytes))).toBe(options.most);
  });

  test("is no context in either direction above that", () => {
    expect(withinBudget(options, used(1000 * KIB - bytes + 1))).toEqual({
      ours: { contextTakeover: false, windowBits: 13 },
      peers: { contextTakeover: false, windowBits: 13 },
    });
  });

  test("counts only the contexts that would be kept", () => {
    const none = resolveCompression({ contextTakeover: false, peerContextTakeover: false, maxMemoryBytes: 1 })!;
    expect(withinBudget(none, used(1))).toBe(none.most);
    const one = resolveCompression({ contextTakeover: false, maxMemoryBytes: 48 * KIB })!;
    expect(withinBudget(one, used(0))).toBe(one.most);
  });
});
