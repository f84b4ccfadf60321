import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FaultCode, faults } from "../../src/protocol/fault.js";
import { type FrameSpec, frameBytes, joinBytes, MASK_KEY } from "./support/frame-bytes.js";
import { receiveChunks, type Received } from "./support/recording-sink.js";
import { anyTraffic, cutAt, masked } from "./support/traffic.js";
import { type Outcome, receiveByWs } from "./support/ws-receiver.js";

const MAX_BYTES = 1000;
const MAX_FRAGMENTS = 8;

interface OurOutcome extends Outcome {
  readonly fault: FaultCode | undefined;
}

function receiveByUs(chunks: readonly Uint8Array[]): OurOutcome {
  const limits = { maxMessageBytes: MAX_BYTES, maxFrameBytes: MAX_BYTES, maxFragments: MAX_FRAGMENTS };
  const received = receiveChunks(chunks, { role: "server", limits });
  const last = received.at(-1);
  if (last === undefined || !("fault" in last)) return { delivered: received, fault: undefined, refusal: undefined };
  return { delivered: received.slice(0, -1), fault: last.fault, refusal: faults[last.fault].closeCode };
}

function both(chunks: readonly Uint8Array[]): { ours: OurOutcome; theirs: Outcome } {
  return {
    ours: receiveByUs(chunks),
    theirs: receiveByWs(chunks, { maxPayload: MAX_BYTES, maxFragments: MAX_FRAGMENTS }),
  };
}

/**
 * Where the two may differ, and why. In each case we refuse what RFC 6455 forbids and `ws` lets pass, or refuse it sooner, or name it
 * more exactly; never the other way about but in the last.
 */
const differences = {
  "ws takes a length in more bytes than it needs; RFC 6455 §5.2: the minimal number of bytes MUST be used": ({
    ours,
  }) => ours.fault === "non-minimal-length",
  "ws judges a text when it is whole, control frames between its fragments; we at its first bad byte (RFC 6455 §8.1 allows both)":
    ({ ours, theirs }) =>
      ours.fault === "invalid-utf8" &&
      theirs.delivered.slice(ours.delivered.length).every((extra) => !("text" in extra) && !("binary" in extra)),
  "ws calls a length of 2^63 and more too big (1009); RFC 6455 §5.2: its highest bit MUST be 0, hence 1002": ({
    ours,
    theirs,
  }) => ours.fault === "length-high-bit" && theirs.refusal === 1009,
  "ws waits for two bytes of a header, or all of its length; we refuse the first that is bad": ({ ours, theirs }) =>
    ours.refusal !== undefined && theirs.refusal === undefined && ours.delivered.length === theirs.delivered.length,
  "ws refuses a close frame of one byte on its header; we when the byte is there": ({ ours, theirs }) =>
    ours.refusal === undefined && theirs.refusal === 1002,
} satisfies Record<string, (outcomes: { ours: OurOutcome; theirs: Outcome }) => boolean>;

/** The difference between two outcomes: none, one of those that are justified, or what nobody has explained. */
function differenceOf(chunks: readonly Uint8Array[]): string | undefined {
  const outcomes = both(chunks);
  const { ours, theirs } = outcomes;
  const isSame = ours.refusal === theirs.refusal && isEqual(ours.delivered, theirs.delivered);
  if (isSame) return undefined;
  const common = theirs.delivered.slice(0, ours.delivered.length);
  const known = Object.entries(differences).find(([, holds]) => holds(outcomes));
  return isEqual(ours.delivered, common) && known !== undefined ? known[0] : JSON.stringify(outcomes);
}

function isEqual(one: readonly Received[], other: readonly Received[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A frame that is right in most points, and wrong in some. */
const anyFrame: fc.Arbitrary<FrameSpec> = fc
  .record({
    opcode: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(0x0, 0x1, 0x2, 0x8, 0x9, 0xa) },
      { weight: 1, arbitrary: fc.nat(15) },
    ),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.integer({ min: 120, max: 130 }).map((length) => new Uint8Array(length)),
      fc.integer({ min: MAX_BYTES - 2, max: MAX_BYTES + 2 }).map((length) => new Uint8Array(length)),
      fc.tuple(fc.integer({ min: 990, max: 5010 }), fc.string({ maxLength: 8 })).map(closePayload),
    ),
    isFinal: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    reservedBits: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) }),
    maskKey: fc.oneof(
      { weight: 12, arbitrary: fc.constant(MASK_KEY) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    lengthForm: fc.oneof(
      { weight: 12, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom("16-bit" as const, "64-bit" as const) },
    ),
    announcedLength: fc.oneof(
      { weight: 12, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
    ),
  })
  .map(({ lengthForm, announcedLength, ...frame }) => ({
    ...frame,
    ...(lengthForm === undefined ? {} : { lengthForm }),
    ...(announcedLength === undefined ? {} : { announcedLength }),
  }));

function closePayload([code, reason]: readonly [number, string]): Uint8Array {
  return joinBytes(Uint8Array.of(code >> 8, code & 0xff), new TextEncoder().encode(reason));
}

const cuts = fc.array(fc.nat(1000), { maxLength: 6 });

const mask = (frame: FrameSpec): Uint8Array => frameBytes({ maskKey: MASK_KEY, ...frame });

/** For each difference the bytes that show it best. */
const examples: readonly (readonly [keyof typeof differences, Uint8Array, number | undefined, number | undefined])[] = [
  [keyAt(0), mask({ opcode: 0x1, payload: "a", lengthForm: "16-bit" }), 1002, undefined],
  [keyAt(1), mask({ opcode: 0x1, payload: Uint8Array.of(0xff), isFinal: false }), 1007, undefined],
  [keyAt(2), mask({ opcode: 0x2, announcedLength: 1n << 63n, lengthForm: "64-bit" }), 1002, 1009],
  [keyAt(3), Uint8Array.of(0x83), 1002, undefined],
  [keyAt(4), mask({ opcode: 0x8, payload: "x" }).subarray(0, 6), undefined, 1002],
];

function keyAt(index: number): keyof typeof differences {
  return Object.keys(differences)[index] as keyof typeof differences;
}

describe("the same bytes into our receiver and into that of ws", () => {
  test.each(examples)("%s", (difference, bytes, ours, theirs) => {
    expect(differenceOf([bytes])).toBe(difference);
    const outcomes = both([bytes]);
    expect([outcomes.ours.refusal, outcomes.theirs.refusal]).toEqual([ours, theirs]);
  });

  test("differ in nothing that has no example", () => {
    expect(examples.map(([difference]) => difference)).toEqual(Object.keys(differences));
  });

  test("make the same messages of valid traffic", () => {
    const valid = masked(anyTraffic);
    fc.assert(
      fc.property(valid, cuts, ({ frames }, at) => {
        expect(differenceOf(cutAt(joinBytes(...frames.map(frameBytes)), at))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test("make the same messages and the same kind of refusal of frames that may be wrong, but for what is listed", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 8 }), cuts, (frames, at) => {
        const difference = differenceOf(cutAt(joinBytes(...frames.map(frameBytes)), at));
        expect([undefined, ...Object.keys(differences)]).toContain(difference);
      }),
      { numRuns: 2_000 },
    );
  });

  test("and of valid traffic in which a few bytes are changed or the end is missing", () => {
    const changes = fc.array(fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 255 })), { maxLength: 3 });
    fc.assert(
      fc.property(masked(anyTraffic), changes, cuts, fc.nat(1000), ({ frames }, changed, at, length) => {
        const bytes = joinBytes(...frames.map(frameBytes));
        for (const [part, change] of changed) {
          const offset = Math.floor((part / 1001) * bytes.length);
          if (offset < bytes.length) bytes[offset] = bytes[offset]! ^ change;
        }
        const difference = differenceOf(cutAt(bytes.subarray(0, Math.ceil((length / 1000) * bytes.length)), at));
        expect([undefined, ...Object.keys(differences)]).toContain(difference);
      }),
      { numRuns: 1_000 },
    );
  });

  test("and of bytes that are no frames at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), cuts, (bytes, at) => {
        expect([undefined, ...Object.keys(differences)]).toContain(differenceOf(cutAt(bytes, at)));
      }),
      { numRuns: 1_000 },
    );
  });
});
