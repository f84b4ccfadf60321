import fc from "fast-check";
import type { ClosePayload } from "../../../src/protocol/close-payload.js";
import { type FrameSpec, joinBytes, toHex } from "./frame-bytes.js";
import type { Received } from "./recording-sink.js";

/** What a peer sends, before it is cut into frames and chunks. */
type Sent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary" | "ping" | "pong"; readonly bytes: Uint8Array };

/** Frames, and the calls that a receiver must make of them. */
export interface Traffic {
  readonly frames: readonly FrameSpec[];
  readonly expected: readonly Received[];
}

const control: fc.Arbitrary<Sent> = fc.record({
  kind: fc.constantFrom("ping" as const, "pong" as const),
  bytes: fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ minLength: 124, maxLength: 125 })),
});

function characterFrom(min: number, max: number): fc.Arbitrary<string> {
  return fc.integer({ min, max }).map((code) => String.fromCodePoint(code));
}

/** Any character but the surrogates, each length in UTF-8 as likely as the others. */
export const anyCharacter: fc.Arbitrary<string> = fc.oneof(
  characterFrom(0, 0x7f),
  characterFrom(0x80, 0x7ff),
  characterFrom(0x800, 0xd7ff),
  characterFrom(0xe000, 0xffff),
  characterFrom(0x10000, 0x10ffff),
);

/** Any valid Unicode text, most of it short, some of it all in one range so that cut characters are common. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 20 }),
  fc.string({ unit: "binary-ascii", maxLength: 20 }),
  fc.string({ unit: fc.constantFrom("é", "€", "😀", "\u{10ffff}", "a"), maxLength: 150 }),
);

const message: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), text: anyText }),
  fc.record({ kind: fc.constant("binary" as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
);

/** Where a payload is cut, as parts per thousand; the same place twice makes an empty fragment. */
const cuts: fc.Arbitrary<readonly number[]> = fc.array(fc.nat(1000), { maxLength: 4 });

const maskKey: fc.Arbitrary<readonly number[]> = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((key) => [...key]);

/** A message in fragments, with control frames after any of them. */
const fragmentedMessage: fc.Arbitrary<Traffic> = fc
  .tuple(message, cuts, fc.array(fc.array(control, { maxLength: 2 }), { minLength: 5, maxLength: 5 }))
  .map(([sent, at, between]) => {
    const payload = payloadOf(sent);
    const fragments = cutAt(payload, at);
    const frames = fragments.flatMap((fragment, index) => {
      const isFinal = index === fragments.length - 1;
      const frame = { opcode: index === 0 ? opcodeOf(sent) : 0x0, payload: fragment, isFinal };
      return isFinal ? [frame] : [frame, ...between[index]!.map(controlFrame)];
    });
    const interleaved = between.slice(0, fragments.length - 1).flat();
    return { frames, expected: [...interleaved.map(expectedOf), expectedOf(sent)] };
  });

const controlTraffic: fc.Arbitrary<Traffic> = control.map((sent) => ({
  frames: [controlFrame(sent)],
  expected: [expectedOf(sent)],
}));

const closeTraffic: fc.Arbitrary<Traffic> = fc
  .option(
    fc.record({
      code: fc.constantFrom(1000, 1001, 1003, 1007, 1014, 3000, 4999),
      reason: fc.string({ unit: anyCharacter, maxLength: 30 }),
    }),
    { nil: undefined },
  )
  .map((close) => ({
    frames: [{ opcode: 0x8, payload: closeBytes(close) }],
    expected: [{ close: close ?? { code: 1005, reason: "" } }],
  }));

/** Any list of messages in any fragmentation, control frames anywhere, a close frame at the end or none. */
export const anyTraffic: fc.Arbitrary<Traffic> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: fragmentedMessage }, { weight: 1, arbitrary: controlTraffic }), {
      maxLength: 6,
    }),
    fc.option(closeTraffic, { nil: undefined }),
  )
  .map(([list, close]) => {
    const all = close === undefined ? list : [...list, close];
    return { frames: all.flatMap((each) => each.frames), expected: all.flatMap((each) => each.expected) };
  });

/** `traffic`, each of its frames with a mask key of its own. */
export function masked(traffic: fc.Arbitrary<Traffic>): fc.Arbitrary<Traffic> {
  return fc.tuple(traffic, fc.infiniteStream(maskKey)).map(([{ frames, expected }, keys]) => ({
    frames: frames.map((frame) => ({ ...frame, maskKey: keys.next().value as readonly number[] })),
    expected,
  }));
}

/** `bytes` cut into chunks; a cut is a part per thousand of the whole. */
export function cutAt(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const offsets = at.map((part) => Math.round((part / 1000) * bytes.length)).toSorted((a, b) => a - b);
  return [0, ...offsets].map((start, index) => bytes.slice(start, offsets[index] ?? bytes.length));
}

function controlFrame(sent: Sent): FrameSpec {
  return { opcode: opcodeOf(sent), payload: payloadOf(sent) };
}

function opcodeOf(sent: Sent): number {
  return { text: 0x1, binary: 0x2, ping: 0x9, pong: 0xa }[sent.kind];
}

function payloadOf(sent: Sent): Uint8Array {
  return sent.kind === "text" ? new TextEncoder().encode(sent.text) : sent.bytes;
}

function expectedOf(sent: Sent): Received {
  switch (sent.kind) {
    case "text":
      return { text: sent.text };
    case "binary":
      return { binary: toHex(sent.bytes) };
    case "ping":
      return { ping: toHex(sent.bytes) };
    case "pong":
      return { pong: toHex(sent.bytes) };
  }
}

function closeBytes(close: ClosePayload | undefined): Uint8Array {
  if (close === undefined) return new Uint8Array(0);
  return joinBytes(Uint8Array.of(close.code >> 8, close.code & 0xff), new TextEncoder().encode(close.reason));
}
