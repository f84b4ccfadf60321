import { describe, expect, test } from "vitest";
import { TimerWheel } from "../../src/connection/index.js";
import { type ResolvedRateLimit, resolveRateLimit } from "../../src/connection/rate-limit-options.js";
import { RateLimit } from "../../src/connection/rate-limit.js";
import { RateLimitedSink } from "../../src/connection/rate-limited-sink.js";
import type { FrameSpec } from "../protocol/support/frame-bytes.js";
import { bytesTo, createReceiver, RecordingSink } from "../protocol/support/recording-sink.js";
import { FakeClock } from "../support/fake-clock.js";

function setUp(messagesPerSecond: number, whenExceeded: "pause" | "close") {
  const clock = new FakeClock();
  const limit = resolveRateLimit({ messagesPerSecond, burstSeconds: 1, whenExceeded }) as ResolvedRateLimit;
  const owner = { onTokens() {}, onRateExceeded: () => receiver.end() };
  const rate = new RateLimit(limit, new TimerWheel(clock), owner);
  const sink = new RecordingSink();
  const receiver = createReceiver(new RateLimitedSink(sink, rate));
  /** Gives the receiver the frames in one chunk; returns how many bytes of it were left. */
  const push = (...frames: FrameSpec[]): number => {
    const bytes = bytesTo("server", ...frames);
    return bytes.length - receiver.push(bytes, 0, bytes.length);
  };
  return { receiver, rate, sink, push };
}

const frames: [kind: string, frame: FrameSpec][] = [
  ["a text", { opcode: 0x1, payload: "t" }],
  ["a binary message", { opcode: 0x2, payload: "b" }],
  ["a ping", { opcode: 0x9, payload: "?" }],
  ["a pong", { opcode: 0xa, payload: "!" }],
];

describe("a rate limit before the receiver's sink", () => {
  test.each(frames)("counts %s, and lets none through that is one too many", (_, frame) => {
    const { sink, push } = setUp(2, "close");
    push(frame, frame, frame, frame);
    expect(sink.received).toHaveLength(2);
  });

  test("counts a message in fragments once, and so one that comes in pieces, with its last", () => {
    for (const givesPieces of [false, true]) {
      const { receiver, rate, sink, push } = setUp(2, "close");
      receiver.givesPieces = givesPieces;
      for (let i = 0; i < 3; i++) {
        push({ opcode: 0x2, payload: "a", isFinal: false });
        push({ opcode: 0x0, payload: "b", isFinal: false });
        push({ opcode: 0x0, payload: "c" });
      }
      const wholes = sink.received.filter((each) => "binary" in each || ("piece" in each && each.isLast));
      expect(wholes).toHaveLength(2);
      expect(rate.countMessage()).toBe(true); // it has ended, and counts nothing more
    }
  });

  test.each(frames.slice(0, 2))("stops the receiver behind %s that spends the last token", (_, frame) => {
    const { rate, sink, push } = setUp(2, "pause");
    const size = bytesTo("server", frame).length;
    expect(push(frame, frame, frame, frame)).toBe(2 * size);
    expect(sink.received).toHaveLength(2);
    expect(rate.isSpent).toBe(true);
  });

  test("stops the receiver behind the last piece that spends the last token", () => {
    const { receiver, push } = setUp(1, "pause");
    receiver.givesPieces = true;
    expect(push({ opcode: 0x2, payload: "a", isFinal: false })).toBe(0);
    expect(push({ opcode: 0x0, payload: "b" }, { opcode: 0x1, payload: "later" })).toBe(11);
  });

  test("passes on that the sink stops the receiver", () => {
    const { sink, push } = setUp(10, "pause");
    sink.pausing = true;
    expect(push({ opcode: 0x1, payload: "now" }, { opcode: 0x1, payload: "later" })).toBe(11);
  });

  test("passes on faults and close frames, and counts neither", () => {
    const faulty = setUp(1, "close");
    faulty.push({ opcode: 0x1, payload: "a" }, { opcode: 0x3 });
    expect(faulty.sink.received.at(-1)).toEqual({ fault: "reserved-opcode" });
    const closing = setUp(1, "close");
    closing.push({ opcode: 0x1, payload: "a" }, { opcode: 0x8 });
    expect(closing.sink.received.at(-1)).toMatchObject({ close: { reason: "" } });
  });
});
