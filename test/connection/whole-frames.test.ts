import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReadMemory } from "../../src/connection/read-memory.js";
import type { FrameScanner } from "../../src/protocol/frame-scanner.js";
import { type FrameSpec, toHex } from "../protocol/support/frame-bytes.js";
import {
  bytesTo,
  createReceiver,
  receive,
  type Received,
  type ReceiverSetup,
  RecordingSink,
} from "../protocol/support/recording-sink.js";
import { anyText, anyTraffic, cutAt, masked, type Traffic } from "../protocol/support/traffic.js";

const SIZE = 16 * 1024;

/** One for all: a process has address space for some dozens. */
const { bytes, scanner: real } = new ReadMemory(SIZE) as ReadMemory & { readonly scanner: FrameScanner };

/** What a sink does in its call of this number, from 0. */
type Act = "pause" | "end" | "pieces";
type Acts = ReadonlyMap<number, Act>;

/** What has come of one `push`: the bytes that it has not taken are to be as they were. */
interface Push {
  readonly taken: number;
  readonly rest: string;
  readonly received: readonly Received[];
}

interface Place {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** Gives the chunks, each at an offset of what `place` returns, until all is taken. */
function pushAll(
  chunks: readonly Uint8Array[],
  place: (chunk: Uint8Array) => Place,
  acts: Acts,
  setup: ReceiverSetup,
): readonly Push[] {
  const sink = new RecordingSink();
  const receiver = createReceiver(sink, setup);
  sink.onCall = () => {
    if (receiver.isEnded) return; // a fault: nothing is asked of it any more
    const act = acts.get(sink.received.length - 1);
    sink.pausing = act === "pause";
    if (act === "end") receiver.end();
    if (act === "pieces") receiver.givesPieces = !receiver.givesPieces;
  };
  const pushes: Push[] = [];
  for (const chunk of chunks) {
    const { bytes: memory, offset } = place(chunk);
    const end = offset + chunk.length;
    for (let at = offset; at < end;) {
      at = receiver.push(memory, at, end);
      const rest = receiver.isEnded ? "" : toHex(memory, at, end);
      pushes.push({ taken: at - offset, rest, received: [...sink.received] });
    }
  }
  return pushes;
}

interface Scanned {
  /** Frames that the scanner has found in all, found again among them. */
  readonly frames: number;
  readonly pushes: readonly Push[];
}

/** The same in a read's memory, with its scanner. */
function pushScanned(
  chunks: readonly Uint8Array[],
  offset: number,
  acts: Acts = new Map(),
  setup: ReceiverSetup = {},
): Scanned {
  let frames = 0;
  const scanner: FrameScanner = {
    found: real.found,
    scan: (...args) => {
      const count = real.scan(...args);
      frames += count;
      return count;
    },
  };
  const place = (chunk: Uint8Array): Place => {
    bytes.fill(0xc1);
    bytes.set(chunk, offset);
    return { bytes, offset };
  };
  return { pushes: pushAll(chunks, place, acts, { ...setup, scanner }), frames };
}

function pushPlain(chunks: readonly Uint8Array[], acts: Acts = new Map(), setup: ReceiverSetup = {}): readonly Push[] {
  return pushAll(chunks, (chunk) => ({ bytes: chunk.slice(), offset: 0 }), acts, setup);
}

function many(count: number, frame: FrameSpec): FrameSpec[] {
  return Array.from({ length: count }, () => frame);
}

const anyActs: fc.Arbitrary<Acts> = fc
  .array(fc.tuple(fc.nat(12), fc.constantFrom<Act>("pause", "pause", "pause", "end", "pieces")), { maxLength: 6 })
  .map((acts) => new Map(acts));

const anyWhole: fc.Arbitrary<Traffic> = fc
  .oneof(
    fc.record({ opcode: fc.constant(0x1), payload: anyText }),
    fc.record({ opcode: fc.constant(0x2), payload: fc.uint8Array({ maxLength: 300 }) }),
  )
  .map((frame) => ({ frames: [frame], expected: [] }));

/** What peers send, most of it messages of one frame; maybe with a byte of it changed, and maybe in two reads. */
const anyChunks: fc.Arbitrary<readonly Uint8Array[]> = fc
  .tuple(
    fc.array(masked(fc.oneof({ weight: 6, arbitrary: anyWhole }, { weight: 1, arbitrary: anyTraffic })), {
      maxLength: 9,
    }),
    fc.option(fc.tuple(fc.nat(999), fc.nat(255)), { nil: undefined }),
    fc.array(fc.nat(1000), { maxLength: 1 }),
  )
  .map(([traffic, change, cut]) => {
    const sent = bytesTo("server", ...traffic.flatMap(({ frames }) => frames));
    if (change !== undefined && sent.length > 0) sent[Math.floor((change[0] / 1000) * sent.length)] = change[1];
    return cutAt(sent, cut);
  });

describe("messages of one frame, found many at once", () => {
  test("are given out as those that are gone through one by one, whatever comes between, wherever the sink stops", () => {
    let frames = 0;
    fc.assert(
      fc.property(anyChunks, fc.nat(40), anyActs, (chunks, offset, acts) => {
        const scanned = pushScanned(chunks, offset, acts);
        frames += scanned.frames;
        expect(scanned.pushes).toEqual(pushPlain(chunks, acts));
      }),
      { numRuns: 1_000 },
    );
    expect(frames).toBeGreaterThan(2_000);
  });

  test.each([
    ["empty ones", { opcode: 0x1 }],
    ["short ones", { opcode: 0x1, payload: "short" }],
    ["those with the longest short length", { opcode: 0x2, payload: "b".repeat(125) }],
    ["those with the shortest long length", { opcode: 0x1, payload: "é".repeat(63) }],
  ])("are found, all of them: %s", (_, frame: FrameSpec) => {
    for (const count of [1, 2, 63, 64, 65, 110]) {
      const sent = bytesTo("server", ...many(count, frame));
      const { frames, pushes } = pushScanned([sent], 3);
      expect(frames).toBe(count);
      expect(pushes).toEqual(pushPlain([sent]));
    }
  });

  test.each<[string, FrameSpec, ReceiverSetup]>([
    ["a ping", { opcode: 0x9 }, {}],
    ["a fragment", { opcode: 0x1, isFinal: false }, {}],
    ["a continuation", { opcode: 0x0 }, {}],
    ["a reserved bit", { opcode: 0x1, reservedBits: 4 }, {}],
    ["a reserved opcode", { opcode: 0x3 }, {}],
    ["a frame without a mask", { opcode: 0x1, payload: "plain", maskKey: undefined }, {}],
    ["a length in more bytes than it needs", { opcode: 0x2, payload: "x", lengthForm: "16-bit" }, {}],
    ["a length of 64 bits", { opcode: 0x2, payload: "x", lengthForm: "64-bit" }, {}],
    ["a frame that is too long", { opcode: 0x2, payload: "123456" }, { limits: { maxFrameBytes: 5 } }],
    ["a message that is too long", { opcode: 0x2, payload: "123456" }, { limits: { maxMessageBytes: 5 } }],
    ["a type that is not taken", { opcode: 0x2 }, { messageTypes: "text" }],
  ])("end before %s, which the receiver judges", (_, frame, setup) => {
    const sent = bytesTo("server", { opcode: 0x1, payload: "12345" }, frame, { opcode: 0x1, payload: "after" });
    expect(pushScanned([sent], 0, undefined, setup).pushes).toEqual(pushPlain([sent], undefined, setup));
  });

  test("without limits are those of up to 65,535 bytes", () => {
    const limits = { maxFrameBytes: Infinity, maxMessageBytes: Infinity };
    const sent = bytesTo("server", ...many(4, { opcode: 0x2, payload: "x".repeat(3_000) }));
    expect(pushScanned([sent], 0, undefined, { limits })).toEqual({
      frames: 4,
      pushes: pushPlain([sent], undefined, { limits }),
    });
  });

  test("are found wherever the chunk cuts the frame behind them", () => {
    const two = bytesTo("server", { opcode: 0x1, payload: "whole" }, { opcode: 0x2, payload: "c".repeat(130) });
    const whole = bytesTo("server", { opcode: 0x1, payload: "whole" }).length;
    for (let end = whole; end < two.length; end++) {
      const { frames, pushes } = pushScanned([two.subarray(0, end)], 1);
      expect([end, frames, pushes]).toEqual([end, 1, pushPlain([two.subarray(0, end)])]);
    }
  });

  test("are not looked for where a header goes on that the read before has cut", () => {
    // What is left of it is the beginning of a whole frame to who takes it for one.
    const cut = bytesTo("server", { opcode: 0x2, payload: "eight...", maskKey: [7, 0x81, 0x80, 9] });
    const chunks = [cut.subarray(0, 3), cut.subarray(3)];
    expect(pushScanned(chunks, 0)).toEqual({ frames: 0, pushes: pushPlain(chunks) });
  });

  test("of which only one can be taken at a time are found one at a time", () => {
    const sent = bytesTo("server", ...many(20, { opcode: 0x1, payload: "text" }));
    const acts = new Map(Array.from({ length: 20 }, (_, call) => [call, "pause"] as const));
    const { frames, pushes } = pushScanned([sent], 0, acts);
    expect(frames).toBe(20 + 19); // the first time nobody knows
    expect(pushes).toEqual(pushPlain([sent], acts));
    const once = pushScanned([sent], 0, new Map([[0, "pause"]]));
    expect(once.frames).toBe(20 + 19);
    expect(once.pushes.at(-1)?.received).toEqual(receive(sent));
  });

  test("are looked for in no chunk but the read's own", () => {
    const elsewhere = bytesTo("server", { opcode: 0x1, payload: "elsewhere" });
    expect(real.scan(elsewhere, 0, elsewhere.length, 125, 64)).toBe(0);
    expect(receive(elsewhere, { scanner: real })).toEqual([{ text: "elsewhere" }]);
  });
});
