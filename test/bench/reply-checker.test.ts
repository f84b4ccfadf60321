import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageRing } from "../../bench/src/generator/message-ring.js";
import { ReplyChecker, ReplyError } from "../../bench/src/generator/reply-checker.js";

const ring = new MessageRing({ payload: "binary", payloadBytes: 200, inFlight: 8 });
const { replies, replyBytes, replyHeaderBytes } = ring;
const stream = Buffer.concat([replies, replies, replies]);

/** Feeds `bytes` in pieces that end at `cuts`. */
function feed(checker: ReplyChecker, bytes: Buffer, cuts: readonly number[]): number {
  let completed = 0;
  let at = 0;
  for (const end of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    const chunk = bytes.subarray(at, end);
    completed += checker.take(chunk, chunk.length);
    at = end;
  }
  return completed;
}

const changedAt = (offset: number): Buffer => {
  const changed = Buffer.from(stream);
  changed[offset]! ^= 1;
  return changed;
};

describe("ReplyChecker", () => {
  it("counts every reply once, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), fc.integer({ min: 1, max: 30 }), (cuts, compareEvery) => {
        const checker = new ReplyChecker(ring, compareEvery);
        expect(feed(checker, stream, cuts)).toBe(24);
        expect(checker.isBetweenReplies).toBe(true);
        expect(checker.compared).toBe(Math.floor(24 / compareEvery));
      }),
    );
  });

  it("does not count a reply before its last byte", () => {
    const checker = new ReplyChecker(ring, 1);
    expect(checker.take(stream, replyBytes - 1)).toBe(0);
    expect(checker.isBetweenReplies).toBe(false);
    expect(checker.take(stream.subarray(replyBytes - 1), 1)).toBe(1);
  });

  it("reads no further than the length it is given", () => {
    const readBuffer = Buffer.concat([stream.subarray(0, replyBytes), Buffer.alloc(500, 0xff)]);
    expect(new ReplyChecker(ring, 1).take(readBuffer, replyBytes)).toBe(1);
  });

  it("finds a wrong header byte in any reply, wherever the bytes are cut", () => {
    const headerByte = fc.nat(24 * replyHeaderBytes - 1).map((index) => {
      const frame = Math.floor(index / replyHeaderBytes);
      return frame * replyBytes + (index % replyHeaderBytes);
    });
    fc.assert(
      fc.property(headerByte, fc.array(fc.nat(stream.length)), (offset, cuts) => {
        expect(() => feed(new ReplyChecker(ring, 1000), changedAt(offset), cuts)).toThrow(ReplyError);
      }),
    );
  });

  it("finds any wrong byte when it compares every reply, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(fc.nat(stream.length - 1), fc.array(fc.nat(stream.length)), (offset, cuts) => {
        expect(() => feed(new ReplyChecker(ring, 1), changedAt(offset), cuts)).toThrow(ReplyError);
      }),
    );
  });

  it("compares the contents of a sample only", () => {
    const inSecondReply = changedAt(replyBytes + replyHeaderBytes + 7);
    expect(feed(new ReplyChecker(ring, 3), inSecondReply, [])).toBe(24);
    expect(() => feed(new ReplyChecker(ring, 2), inSecondReply, [])).toThrow(ReplyError);
  });

  it("finds replies that came in the wrong order", () => {
    const swapped = Buffer.concat([stream.subarray(replyBytes, 2 * replyBytes), stream.subarray(0, replyBytes)]);
    expect(() => feed(new ReplyChecker(ring, 1), swapped, [])).toThrow(ReplyError);
  });
});
