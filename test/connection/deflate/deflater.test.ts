import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { compressionMemory, deflateBytes } from "../../../src/connection/deflate/compression-memory.js";
import { type CompressionOptions, resolveCompression } from "../../../src/connection/deflate/compression-options.js";
import { Deflater } from "../../../src/connection/deflate/deflater.js";
import type { DeflateDirection } from "../../../src/protocol/index.js";
import { nextTurn } from "../../support/turns.js";
import { DeflatingPeer } from "./support/deflating-peer.js";

const KIB = 1024;

interface DeflaterSetup extends CompressionOptions {
  readonly direction?: DeflateDirection;
  readonly allowInTurn?: boolean;
}

const keeping: DeflateDirection = { contextTakeover: true, windowBits: 15 };
const forgetting: DeflateDirection = { contextTakeover: false, windowBits: 15 };

function start({ direction = keeping, allowInTurn, ...options }: DeflaterSetup = {}): Deflater {
  const deflater = new Deflater(direction, resolveCompression({ thresholdBytes: 0, ...options })!, allowInTurn);
  onTestFinished(() => deflater.close());
  return deflater;
}

/** Compresses whole messages as an outbox does. */
async function compress(deflater: Deflater, message: Uint8Array | string): Promise<Buffer> {
  const bytes = Buffer.from(message);
  const isText = typeof message === "string";
  if (deflater.isAtOnce(bytes.length)) return Buffer.from(deflater.compressNow(isText, bytes));
  return Buffer.from(await deflater.compressAside(isText, bytes));
}

const ways = [
  { way: "within the turn", setup: {} },
  { way: "off the event loop", setup: { maxSyncBytes: 0 } },
  { way: "by Node's streams alone", setup: { allowInTurn: false } },
];

describe.each(ways)("a deflater, driven $way,", ({ setup }) => {
  test("RFC 7692 §7.2.1: compresses Hello as the RFC does, and refers to it in the next message", async () => {
    const deflater = start({ level: 9, ...setup });
    expect((await compress(deflater, "Hello")).toString("hex")).toBe("f248cdc9c90700");
    expect((await compress(deflater, "Hello")).toString("hex")).toBe("f200110000");
  });

  test("RFC 7692 §7.1.1: does not refer to what was before where no context is kept", async () => {
    const deflater = start({ direction: forgetting, ...setup });
    const other = start({ direction: forgetting, ...setup });
    for (let i = 0; i < 3; i++) {
      expect((await compress(deflater, "Hello")).toString("hex")).toBe("f248cdc9c90700");
      expect((await compress(other, "Hello")).toString("hex")).toBe("f248cdc9c90700");
    }
  });

  test("RFC 7692 §7.2.3.6: makes one byte of an empty message, every time", async () => {
    const deflater = start(setup);
    for (let i = 0; i < 3; i++) expect([...(await compress(deflater, ""))]).toEqual([0]);
    expect(new DeflatingPeer().unpack(await compress(deflater, "next")).toString()).toBe("next");
  });

  test.each([
    ["with", true],
    ["without", false],
  ])("compresses any messages %s context takeover, so that a peer has them back", async (_, contextTakeover) => {
    const text = fc
      .array(fc.constantFrom("hello ", '{"type":"message"}', "\u{1f600}", "", "aaaaaaaaaaaaaaaa"), { maxLength: 40 })
      .map((words) => words.join(""));
    const message = fc.oneof(
      { weight: 4, arbitrary: text },
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 300 }) },
      {
        weight: 1,
        arbitrary: fc.integer({ min: 1, max: 150_000 }).map((length) => "0123456789abcdef!".repeat(length / 17)),
      },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }).map((length) => randomBytes(length)) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 6 }),
        fc.integer({ min: 9, max: 15 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (messages, windowBits, level, memLevel) => {
          const deflater = start({ direction: { contextTakeover, windowBits }, level, memLevel, ...setup });
          const peer = new DeflatingPeer({}, contextTakeover);
          for (const each of messages) {
            const back = peer.unpack(await compress(deflater, each));
            expect(back.equals(Buffer.from(each))).toBe(true);
          }
          deflater.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  test("never refers to more than its window before", async () => {
    const marker = randomBytes(200);
    for (const windowBits of [9, 10, 13]) {
      const deflater = start({ direction: { contextTakeover: true, windowBits }, ...setup });
      await compress(deflater, marker);
      await compress(deflater, randomBytes(2 ** windowBits));
      expect((await compress(deflater, marker)).length, `${windowBits} bits`).toBeGreaterThan(200);
    }
  });

  test("compresses a message in pieces, each to be had at once", async () => {
    for (const direction of [keeping, forgetting]) {
      const deflater = start({ direction, ...setup });
      const peer = new DeflatingPeer({}, direction.contextTakeover);
      const words = ["one ", "two ", "x".repeat(100_000), "two ", "one "];
      for (let i = 0; i < 2; i++) {
        const pieces = deflater.beginPieces(true)!;
        const fragments: Uint8Array[] = [];
        for (const word of words) fragments.push(await pieces.add(Buffer.from(word)));
        fragments.push(pieces.end());
        expect(peer.unpack(Buffer.concat(fragments)).toString()).toBe(words.join(""));
        expect(peer.unpack(await compress(deflater, "one more")).toString()).toBe("one more");
      }
    }
  });

  test("lets a message in pieces stay under way while others without a context compress theirs", async () => {
    const deflater = start({ direction: forgetting, ...setup });
    const other = start({ direction: forgetting, ...setup });
    const pieces = deflater.beginPieces(true)!;
    const fragments = [await pieces.add(Buffer.from("the beginning "))];
    const between = await compress(other, "the beginning of another");
    fragments.push(await pieces.add(Buffer.from("the beginning and the end")), pieces.end());
    expect(new DeflatingPeer().unpack(between).toString()).toBe("the beginning of another");
    expect(new DeflatingPeer().unpack(Buffer.concat(fragments)).toString()).toBe(
      "the beginning the beginning and the end",
    );
  });

  test("begins anew behind a message that something else has compressed", async () => {
    const deflater = start(setup);
    await compress(deflater, "Hello");
    deflater.noteForeignMessage();
    expect((await compress(deflater, "Hello")).toString("hex")).toBe("f248cdc9c90700");
  });
});

describe("what a deflater compresses at once", () => {
  test("is what maxSyncBytes says, and nothing where the runtime does not allow it", () => {
    expect(start({ maxSyncBytes: 100 }).isAtOnce(100)).toBe(true);
    expect(start({ maxSyncBytes: 100 }).isAtOnce(101)).toBe(false);
    expect(start({ maxSyncBytes: 100, allowInTurn: false }).isAtOnce(0)).toBe(false);
  });

  test("may be any length", () => {
    for (const message of [randomBytes(300_000), Buffer.alloc(300_000, "abc")]) {
      const packed = start({ maxSyncBytes: 1 << 20 }).compressNow(false, message);
      expect(new DeflatingPeer().unpack(packed).equals(message)).toBe(true);
    }
  });

  test("is borrowed, so that nothing is allocated for it", () => {
    const deflater = start();
    const first = deflater.compressNow(true, Buffer.from("one"));
    const second = deflater.compressNow(true, Buffer.from("two"));
    expect(second.buffer).toBe(first.buffer);
  });
});

describe("a deflater admits", () => {
  test.each([
    ["with", keeping, 64],
    ["without", forgetting, 256],
  ])("messages of its threshold and more, by default %s context takeover", (_, direction, threshold) => {
    const deflater = start({ direction, thresholdBytes: undefined });
    expect(deflater.admits(true, threshold - 1)).toBe(false);
    expect(deflater.admits(true, threshold)).toBe(true);
  });

  test("none where only the window was agreed that zlib has not", () => {
    const deflater = start({ direction: { contextTakeover: true, windowBits: 8 } });
    expect(deflater.admits(true, 1_000_000)).toBe(false);
  });

  test("none for a while after some that did not shrink, binary and text apart", () => {
    const deflater = start();
    for (let i = 0; i < 4; i++) {
      expect(deflater.admits(false, 1000)).toBe(true);
      deflater.compressNow(false, randomBytes(1000));
    }
    expect(deflater.admits(false, 1000)).toBe(false);
    expect(deflater.admits(true, 1000)).toBe(true);
  });
});

describe("the compressor of a deflater", () => {
  const settings = { level: 4, memLevel: 6, windowBits: 15 };

  test("is made with its first message, counts, and is freed on close", async () => {
    const before = compressionMemory.usedBytes;
    const deflater = start();
    expect(compressionMemory.usedBytes).toBe(before);
    await compress(deflater, "Hello");
    expect(compressionMemory.usedBytes).toBe(before + deflateBytes(settings));
    deflater.close();
    deflater.close();
    expect(compressionMemory.usedBytes).toBe(before);
  });

  test("is a shared one where the budget has no room for it", async () => {
    await compress(start({ direction: forgetting }), "Hello"); // makes the shared one
    const before = compressionMemory.usedBytes;
    const deflater = start({ maxMemoryBytes: before + 100 * KIB });
    expect((await compress(deflater, "Hello")).toString("hex")).toBe("f248cdc9c90700");
    expect((await compress(deflater, "Hello")).toString("hex")).toBe("f248cdc9c90700");
    expect(compressionMemory.usedBytes).toBe(before);
  });

  test("is one for all without context takeover, when they compress within the turn", async () => {
    await compress(start({ direction: forgetting }), "Hello");
    const before = compressionMemory.usedBytes;
    for (let i = 0; i < 20; i++) await compress(start({ direction: forgetting }), "Hello");
    expect(compressionMemory.usedBytes).toBe(before);
  });

  test("that is closed while at work says so to whoever waits", async () => {
    const deflater = start({ maxSyncBytes: 0 });
    const packed = deflater.compressAside(false, randomBytes(500_000));
    deflater.close();
    await expect(packed).rejects.toThrow("the compressor was closed");
    await nextTurn();
  });
});
