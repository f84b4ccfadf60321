import { randomBytes } from "node:crypto";
import { constants, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { compressionMemory } from "../../../src/connection/deflate/compression-memory.js";
import type { InflaterSetup } from "../../../src/connection/deflate/inflater.js";
import { hexBytes } from "../../protocol/support/frame-bytes.js";
import { cutAt } from "../../protocol/support/traffic.js";
import { nextTurn, until } from "../../support/turns.js";
import { DeflatingPeer } from "./support/deflating-peer.js";
import { Inflating, ways } from "./support/inflating.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const noTakeover: Partial<InflaterSetup> = { direction: { contextTakeover: false, windowBits: 15 } };

/** RFC 7692 §7.2.3: "Hello", the same as a reference to the message before, and in a final block (without the empty one behind it). */
const HELLO = "f248cdc9c90700";
const AGAIN = "f200110000";
const FINAL = "f348cdc9c90700";

/** What a sender makes of one message without its last four bytes. */
function pack(message: Uint8Array | string): Buffer {
  return deflateRawSync(Buffer.from(message), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** 20 KiB that stand for 20 MiB. */
const bomb = pack(Buffer.alloc(20 * MIB));

describe.each(ways)("an inflater, driven $way,", ({ setup: waySetup }) => {
  function start(setup: Partial<InflaterSetup> = {}): Inflating {
    const inflating = new Inflating({ ...setup, ...waySetup });
    onTestFinished(() => inflating.inflater.close());
    return inflating;
  }

  /** How each of `payloads` is taken: its text, or the fault, after which nothing follows. */
  async function takeAll(payloads: readonly string[], setup: Partial<InflaterSetup> = {}): Promise<string[]> {
    const inflating = start(setup);
    for (const payload of payloads) await inflating.take(hexBytes(payload));
    return [...inflating.texts, ...inflating.faults];
  }

  describe("inflates the examples of RFC 7692", () => {
    test.each([
      ["§7.2.3.1: one block", ["f248cdc9c90700"], ["Hello"]],
      ["§7.2.3.2: a message that refers to the one before", ["f248cdc9c90700", "f200110000"], ["Hello", "Hello"]],
      ["§7.2.3.3: a block without compression", ["000500faff48656c6c6f00"], ["Hello"]],
      ["§7.2.3.4: a final block", ["f348cdc9c9070000"], ["Hello"]],
      ["§7.2.3.5: two blocks", ["f248050000 00ffff cac9c90700"], ["Hello"]],
      ["§7.2.3.6: an empty message", ["00", "00"], ["", ""]],
    ])("%s", async (_, payloads, texts) => {
      expect(await takeAll(payloads)).toEqual(texts);
    });

    test("§7.2.3.1: in two fragments", async () => {
      const inflating = start();
      await inflating.take(hexBytes("f248cd"), hexBytes("c9c90700"));
      expect(inflating.texts).toEqual(["Hello"]);
    });
  });

  describe("RFC 7692 §7.2.1: goes on behind a final block", () => {
    test.each([
      ["with the next message", [`${FINAL}00`, HELLO], ["Hello", "Hello"]],
      ["with a message that refers to the one before", [`${FINAL}00`, AGAIN], ["Hello", "Hello"]],
      ["where the empty block is left out", [FINAL, AGAIN], ["Hello", "Hello"]],
      ["where the empty block is the final one", ["f248cdc9c90704", AGAIN], ["Hello", "Hello"]],
      ["and another one, message after message", [`${FINAL}00`, FINAL, AGAIN], ["Hello", "Hello", "Hello"]],
      ["with another block of the same message", [FINAL + HELLO], ["HelloHello"]],
      ["with a block of the same message that refers back", [FINAL + AGAIN], ["HelloHello"]],
      ["with an empty final block", [`03000300${HELLO}`], ["Hello"]],
    ])("%s", async (_, payloads, texts) => {
      expect(await takeAll(payloads)).toEqual(texts);
    });

    test("in the first message and the second, each of which refers to what was before", async () => {
      const peer = new DeflatingPeer();
      const inflating = start();
      const texts = ["one and two", "one and two and three", "two and three and one"];
      await inflating.take(peer.packFinal(texts[0]!));
      await inflating.take(peer.packFinal(texts[1]!));
      await inflating.take(peer.pack(texts[2]!));
      expect(inflating.texts).toEqual(texts);
    });

    test("that comes late, with whatever does not refer to what was before it", async () => {
      const inflating = start();
      await inflating.take(pack("first"));
      await inflating.take(hexBytes(`${FINAL}00`));
      await inflating.take(pack("third"));
      expect(inflating.texts).toEqual(["first", "Hello", "third"]);
    });

    test("wherever the message is cut", async () => {
      const message = hexBytes(`${FINAL}${FINAL}00`);
      for (let at = 0; at <= message.length; at++) {
        const inflating = start();
        await inflating.take(message.subarray(0, at), message.subarray(at));
        await inflating.take(hexBytes(AGAIN));
        expect(inflating.texts, `cut at ${at}`).toEqual(["HelloHello", "Hello"]);
      }
    });

    test("without context takeover, forgetting it", async () => {
      expect(await takeAll([`${FINAL}00`, HELLO], noTakeover)).toEqual(["Hello", "Hello"]);
      expect(await takeAll([`${FINAL}00`, AGAIN], noTakeover)).toEqual(["Hello", "invalid-deflate"]);
    });

    test("sixteen times in a message, and not for ever", async () => {
      expect(await takeAll([`${"0300".repeat(16)}00`])).toEqual([""]);
      expect(await takeAll([`${"0300".repeat(17)}00`])).toEqual(["invalid-deflate"]);
    });
  });

  describe("RFC 7692 §7.2.2: finds the fault in", () => {
    test.each([
      ["a block of a type that there is not", "ff"],
      ["a reference to before the beginning", "f200110000"],
      ["a stored block with a wrong length", "000500fbff48656c6c6f00"],
      ["a message without any byte", ""],
      ["a message cut within a block", "f248cdc9"],
      ["a message cut within a stored block", "000500faff4865"],
      ["a message without the header of the empty block", "000500faff48656c6c6f"],
      ["a message that still has the four bytes", "f248cdc9c907000000ffff"],
      ["a final block that is cut", "f348cdc9c907"],
      ["a final block and then half a block", `${FINAL}f248`],
      ["a final block and then noise", `${FINAL}ff`],
      ["a final block and then two empty headers", `${FINAL}0000`],
    ])("%s", async (_, payload) => {
      expect(await takeAll([payload])).toEqual(["invalid-deflate"]);
      expect(await takeAll([payload], noTakeover)).toEqual(["invalid-deflate"]);
      expect(await takeAll(["f248cdc9c90700", "f248cdc9c90700", payload], noTakeover)).toEqual([
        "Hello",
        "Hello",
        "invalid-deflate",
      ]);
    });

    test("one message, and lets no other follow", async () => {
      expect(await takeAll(["ff", "f248cdc9c90700"])).toEqual(["invalid-deflate"]);
    });

    test("a message that was cut, though others came before it", async () => {
      const inflating = start();
      await inflating.take(pack("good"));
      await inflating.take(pack("x".repeat(100_000)).subarray(0, -2));
      expect([...inflating.texts, ...inflating.faults]).toEqual(["good", "invalid-deflate"]);
    });
  });

  describe("holds to maxMessageBytes", () => {
    test.each([0, 1, 10, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 200_000])("of %i, to the byte", async (limit) => {
      const inflating = start({ maxMessageBytes: limit });
      await inflating.take(pack(Buffer.alloc(limit)));
      expect(inflating.messages.map((each) => each.length)).toEqual([limit]);
      await inflating.take(pack(Buffer.alloc(limit + 1)));
      expect(inflating.faults).toEqual(["message-too-big"]);
      expect(inflating.messages).toHaveLength(1);
    });

    test("where fragments add up", async () => {
      const inflating = start({ maxMessageBytes: 10 });
      await inflating.take(hexBytes("000500faff48656c6c6f"), hexBytes("000600f9ff48656c6c6f48"), hexBytes("00"));
      expect(inflating.faults).toEqual(["message-too-big"]);
    });

    test("and makes hardly more of a bomb than that", async () => {
      const inflating = start({ maxMessageBytes: 100_000 });
      let given = 0;
      inflating.onPiece = () => (given += inflating.pieces.at(-1)?.length ?? 0);
      await inflating.take(bomb);
      expect(inflating.faults).toEqual(["message-too-big"]);
      expect(given).toBeLessThanOrEqual(100_000);
    });

    test("of Infinity too", async () => {
      const inflating = start({ maxMessageBytes: Infinity });
      await inflating.take(pack(Buffer.alloc(2 * MIB)));
      expect(inflating.messages[0]).toHaveLength(2 * MIB);
    });
  });

  test("gives out a long message in order, and says when it is ready for the next", async () => {
    const inflating = start();
    const message = randomBytes(300_000);
    await inflating.take(pack(message));
    await inflating.take(pack("next"));
    expect(inflating.messages[0]?.equals(message)).toBe(true);
    expect(inflating.texts[1]).toBe("next");
  });

  test("holds what its owner does not take, and goes on when it does", async () => {
    const inflating = start();
    const message = Buffer.from(Array.from({ length: 500_000 }, (_, i) => i % 251));
    const payload = pack(message);
    inflating.room = 1;
    expect(inflating.inflater.take(payload, 0, payload.length, true)).toBe(false);
    for (let taken = 1; ; taken++) {
      await until(() => inflating.pieces.length === taken || inflating.messages.length === 1);
      for (let i = 0; i < 5; i++) await nextTurn();
      if (inflating.messages.length === 1) break;
      expect(inflating.pieces).toHaveLength(taken);
      expect(inflating.inflater.isBusy).toBe(true);
      inflating.room = 1;
      inflating.inflater.resume();
    }
    expect(inflating.messages[0]?.equals(message)).toBe(true);
    await until(() => !inflating.inflater.isBusy);
  });

  test("gives nothing out once it is closed, be it from within a piece", async () => {
    const inflating = start();
    inflating.onPiece = () => inflating.inflater.close();
    await inflating.take(pack(randomBytes(200_000)), pack("next"));
    await nextTurn();
    expect(inflating.messages).toEqual([]);
    expect(inflating.pieces).toHaveLength(1);
    expect(inflating.faults).toEqual([]);
    inflating.inflater.close();
    inflating.inflater.resume();
  });

  test("may be closed while zlib is at work", async () => {
    const inflating = start();
    const payload = pack(randomBytes(500_000));
    inflating.inflater.take(payload, 0, payload.length, true);
    inflating.inflater.close();
    expect(inflating.inflater.isBusy).toBe(false);
    for (let i = 0; i < 20; i++) await nextTurn();
    expect(inflating.messages).toEqual([]);
    expect(inflating.faults).toEqual([]);
  });

  test.each([
    ["with", true],
    ["without", false],
  ])("takes any messages %s context takeover, cut anywhere", async (_, contextTakeover) => {
    const word = fc.constantFrom(
      "hello ",
      "world ",
      '{"type":"message","text":"',
      '"}',
      "\u{1f600}",
      "",
      "aaaaaaaaaaaaaaaa",
    );
    const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(""));
    const binary = fc.uint8Array({ maxLength: 300 });
    const long = fc.integer({ min: 1, max: 150_000 });
    const message = fc.oneof(
      { weight: 4, arbitrary: text },
      { weight: 4, arbitrary: binary },
      { weight: 1, arbitrary: long },
    );
    const sent = fc.record({
      message,
      cuts: fc.array(fc.nat(400), { maxLength: 4 }),
      isFinal: fc.boolean(),
    });
    const bytesOf = (content: string | Uint8Array | number): Buffer =>
      typeof content === "number" ? Buffer.alloc(content, "0123456789abcdef!") : Buffer.from(content);
    await fc.assert(
      fc.asyncProperty(
        fc.array(sent, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.integer({ min: 9, max: 15 }),
        fc.integer({ min: 0, max: 9 }),
        async (messages, usesFinal, windowBits, level) => {
          const peer = new DeflatingPeer({ windowBits, level }, contextTakeover);
          const inflating = new Inflating({ ...waySetup, direction: { contextTakeover, windowBits } });
          for (const each of messages) {
            const payload =
              usesFinal && (each.isFinal || each === messages[0])
                ? peer.packFinal(bytesOf(each.message))
                : peer.pack(bytesOf(each.message));
            await inflating.take(...cutAt(payload, each.cuts));
          }
          expect(inflating.faults).toEqual([]);
          expect(inflating.messages.map((each) => each.toString("hex"))).toEqual(
            messages.map((each) => bytesOf(each.message).toString("hex")),
          );
          inflating.inflater.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test("makes of noise a fault or a message, the same wherever it is cut, and never throws", async () => {
    const outcome = async (pieces: readonly Uint8Array[]): Promise<readonly unknown[]> => {
      const inflating = new Inflating({ ...waySetup, maxMessageBytes: 10_000 });
      await inflating.take(...pieces);
      inflating.inflater.close();
      return [...inflating.messages.map((each) => each.toString("hex")), ...inflating.faults];
    };
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.nat(60), { maxLength: 4 }),
        async (noise, cuts) => {
          const whole = await outcome([noise]);
          expect(whole).toHaveLength(1);
          expect(await outcome(cutAt(noise, cuts))).toEqual(whole);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("inflaters", () => {
  afterEach(async () => {
    await nextTurn();
  });

  test("make the same of noise, whichever way they are driven", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (noise) => {
        const outcomes = await Promise.all(
          ways.map(async ({ setup }) => {
            const inflating = new Inflating({ ...setup, maxMessageBytes: 10_000 });
            await inflating.take(noise);
            inflating.inflater.close();
            return [...inflating.texts, ...inflating.faults];
          }),
        );
        expect(outcomes[1]).toEqual(outcomes[0]);
        expect(outcomes[2]).toEqual(outcomes[0]);
      }),
      { numRuns: 200 },
    );
  });

  test("do not mix the messages that many of them have under way, with and without context takeover", async () => {
    const all = Array.from({ length: 10 }, (_, i) => new Inflating(i % 2 === 0 ? noTakeover : {}));
    const payloads = all.map((_, i) => pack(`message of number ${i} `.repeat(20)));
    for (let at = 0; at < 200; at++) {
      for (const [i, { inflater }] of all.entries()) {
        const payload = payloads[i]!;
        if (at < payload.length) inflater.take(payload, at, at + 1, at === payload.length - 1);
      }
    }
    expect(all.flatMap(({ texts }) => texts)).toEqual(all.map((_, i) => `message of number ${i} `.repeat(20)));
    for (const { inflater } of all) inflater.close();
  });

  test("count what they take against the budget from the first, and give it back once closed", () => {
    const before = compressionMemory.usedBytes;
    const inflating = new Inflating();
    expect(compressionMemory.usedBytes).toBe(before + 48 * KIB);
    inflating.inflater.close();
    inflating.inflater.close();
    expect(compressionMemory.usedBytes).toBe(before);
  });

  test("without context takeover borrow one for as long as a message lasts", async () => {
    const inflating = Array.from({ length: 8 }, () => new Inflating(noTakeover));
    const payload = pack("Hello");
    for (const { inflater } of inflating) inflater.take(payload, 0, 2, false);
    const most = compressionMemory.usedBytes;
    for (const { inflater } of inflating) inflater.take(payload, 2, payload.length, true);
    expect(inflating.flatMap(({ texts }) => texts)).toEqual(Array.from({ length: 8 }, () => "Hello"));
    // Four are kept for whoever comes next.
    expect(compressionMemory.usedBytes).toBe(most - 4 * 48 * KIB);
  });
});
