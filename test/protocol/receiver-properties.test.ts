import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameBytes, joinBytes, toHex } from "./support/frame-bytes.js";
import {
  createReceiver,
  receive,
  receiveChunks,
  type Received,
  RecordingSink,
  type ReceiverSetup,
  roles,
} from "./support/recording-sink.js";
import { anyTraffic, cutAt, masked, type Traffic } from "./support/traffic.js";

const chunkCuts = fc.array(fc.nat(1000), { maxLength: 12 });

function bytesOf({ frames }: Traffic): Uint8Array {
  return joinBytes(...frames.map(frameBytes));
}

/** Gives `bytes` in chunks of `size`, put into the room that the receiver has where there is any. */
function receiveIntoRoom(bytes: Uint8Array, size: number, setup: ReceiverSetup): readonly Received[] {
  const sink = new RecordingSink();
  const receiver = createReceiver(sink, setup);
  for (let at = 0; at < bytes.length;) {
    const { room } = receiver;
    const chunk = room !== undefined && room.length > 0 ? room : new Uint8Array(size);
    const length = Math.min(size, chunk.length, bytes.length - at);
    chunk.set(bytes.subarray(at, at + length));
    expect(receiver.push(chunk, 0, length)).toBe(length);
    at += length;
  }
  return sink.received;
}

/** Gives `bytes` as a connection does that pauses after each message: the rest again, in chunks of `size`. */
function receivePausing(bytes: Uint8Array, size: number, setup: ReceiverSetup): readonly Received[] {
  const sink = new RecordingSink();
  sink.pausing = true;
  const receiver = createReceiver(sink, setup);
  const chunk = bytes.slice();
  let at = 0;
  while (at < chunk.length) {
    const taken = receiver.push(chunk, at, Math.min(at + size, chunk.length));
    expect(toHex(chunk, taken)).toBe(toHex(bytes, taken));
    at = taken;
  }
  return sink.received;
}

describe.each([
  { role: "server", traffic: masked(anyTraffic) },
  { role: "client", traffic: anyTraffic },
] as const)(
  "RFC 6455 §5.4: a receiver ($role) of any messages, fragmented and interleaved anyhow",
  ({ role, traffic }) => {
    test("delivers them in order from one chunk", () => {
      fc.assert(
        fc.property(traffic, (sent) => {
          expect(receive(bytesOf(sent), { role })).toEqual(sent.expected);
        }),
        { numRuns: 100 },
      );
    });

    test("delivers the same from any split of the bytes", () => {
      fc.assert(
        fc.property(traffic, chunkCuts, (sent, at) => {
          expect(receiveChunks(cutAt(bytesOf(sent), at), { role })).toEqual(sent.expected);
        }),
        { numRuns: 150 },
      );
    });

    test("delivers the same from one byte at a time", () => {
      fc.assert(
        fc.property(traffic, (sent) => {
          const sink = new RecordingSink();
          const receiver = createReceiver(sink, { role });
          for (const byte of bytesOf(sent)) receiver.push(Uint8Array.of(byte), 0, 1);
          expect(sink.received).toEqual(sent.expected);
        }),
        { numRuns: 50 },
      );
    });

    test("delivers the same from what is read into its room", () => {
      fc.assert(
        fc.property(traffic, fc.integer({ min: 1, max: 500 }), (sent, size) => {
          expect(receiveIntoRoom(bytesOf(sent), size, { role })).toEqual(sent.expected);
        }),
        { numRuns: 150 },
      );
    });

    test("delivers the same when it pauses after each, and leaves alone what it has not taken", () => {
      fc.assert(
        fc.property(traffic, fc.integer({ min: 1, max: 500 }), (sent, size) => {
          expect(receivePausing(bytesOf(sent), size, { role })).toEqual(sent.expected);
        }),
        { numRuns: 100 },
      );
    });

    test("makes the same of any split where a byte is changed, up to the same fault", () => {
      fc.assert(
        fc.property(traffic, chunkCuts, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, at, where, change) => {
          const bytes = bytesOf(sent);
          if (bytes.length > 0) bytes[where % bytes.length]! ^= change;
          const whole = receive(bytes, { role });
          expect(receiveChunks(cutAt(bytes, at), { role })).toEqual(whole);
          expect(receivePausing(bytes, 1 + (where % 100), { role })).toEqual(whole);
        }),
        { numRuns: 150 },
      );
    });
  },
);

describe("a receiver of random bytes", () => {
  /** Half noise, half bytes that get past the first checks of a header. */
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(
        fc.record({
          first: fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a),
          second: fc.oneof(fc.constantFrom(0x80, 0x82, 0xfe, 0xff, 0x00, 0x02, 0x7e, 0x7f), fc.nat(255)),
          rest: fc.uint8Array({ maxLength: 40 }),
        }),
        { maxLength: 6 },
      )
      .map((parts) => joinBytes(...parts.flatMap(({ first, second, rest }) => [Uint8Array.of(first, second), rest]))),
  );

  test.each(roles)("never throws, ends at most once, and makes the same of any split (%s)", (role) => {
    const limits = { maxFrameBytes: 100, maxMessageBytes: 120, maxFragments: 3 };
    fc.assert(
      fc.property(noise, chunkCuts, (bytes, at) => {
        const whole = receive(bytes, { role, limits });
        const ends = whole.filter((call) => "fault" in call || "close" in call);
        expect(ends.length).toBeLessThanOrEqual(1);
        expect(whole.slice(whole.length - ends.length)).toEqual(ends);
        expect(receiveChunks(cutAt(bytes, at), { role, limits })).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });
});
