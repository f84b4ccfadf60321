import type { FaultCode } from "../../../src/protocol/fault.js";
import type { Role } from "../../../src/protocol/receiver-sink.js";
import { type FrameSpec, hexBytes, MASK_KEY } from "./frame-bytes.js";
import type { ReceiverSetup } from "./recording-sink.js";

/** Frames to an endpoint, correct but for the last, and which byte of that one is the first bad one. */
export interface Provocation {
  readonly what: string;
  readonly before?: readonly FrameSpec[];
  readonly bad: FrameSpec;
  /** Counted from 1; those of the payload come after the whole header. */
  readonly badByte: number | { readonly ofPayload: number };
  readonly setup?: ReceiverSetup;
  readonly only?: Role;
}

function text(payload: string | Uint8Array, isFinal = true): FrameSpec {
  return { opcode: 0x1, payload, isFinal };
}

function continuation(payload: string | Uint8Array, isFinal = true): FrameSpec {
  return { opcode: 0x0, payload, isFinal };
}

const reserved = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf];
const control = [0x8, 0x9, 0xa];

/** For every fault the ways to commit it. */
export const provocations: Readonly<Record<FaultCode, readonly Provocation[]>> = {
  "reserved-bit": [
    ...[1, 2, 3, 4, 5, 6, 7].map((reservedBits) => ({
      what: `RFC 6455 §5.2: a text frame with reserved bits ${reservedBits.toString(2).padStart(3, "0")}`,
      bad: { ...text("a"), reservedBits },
      badByte: 1,
    })),
    ...control.map((opcode) => ({
      what: `RFC 6455 §5.2: a control frame (opcode ${opcode}) with RSV1`,
      bad: { opcode, reservedBits: 4 },
      badByte: 1,
    })),
    {
      what: "RFC 6455 §5.2: a continuation frame with RSV1",
      before: [text("a", false)],
      bad: { ...continuation("b"), reservedBits: 4 },
      badByte: 1,
    },
    { what: "RFC 6455 §5.2: a reserved opcode and bit", bad: { opcode: 0x3, reservedBits: 4 }, badByte: 1 },
  ],
  "reserved-opcode": [
    ...reserved.map((opcode) => ({
      what: `RFC 6455 §5.2: opcode 0x${opcode.toString(16)}`,
      bad: { opcode, payload: "a" },
      badByte: 1,
    })),
    {
      what: "RFC 6455 §5.2: a reserved opcode within a message, not final",
      before: [text("a", false)],
      bad: { opcode: 0xb, isFinal: false },
      badByte: 1,
    },
  ],
  "unmasked-frame": [
    ...[0x1, 0x2, 0x8, 0x9, 0xa].map((opcode) => ({
      what: `RFC 6455 §5.1: a frame to a server without a mask (opcode ${opcode})`,
      bad: { opcode, maskKey: undefined },
      badByte: 2,
      only: "server" as const,
    })),
    {
      what: "RFC 6455 §5.1: a continuation frame to a server without a mask",
      before: [text("a", false)],
      bad: { ...continuation("b"), maskKey: undefined },
      badByte: 2,
      only: "server",
    },
  ],
  "masked-frame": [
    ...[0x1, 0x2, 0x8, 0x9, 0xa].map((opcode) => ({
      what: `RFC 6455 §5.1: a masked frame to a client (opcode ${opcode})`,
      bad: { opcode, maskKey: MASK_KEY },
      badByte: 2,
      only: "client" as const,
    })),
    {
      what: "RFC 6455 §5.1: a masked frame to a client, its key all zero",
      bad: { ...text("a"), maskKey: [0, 0, 0, 0] },
      badByte: 2,
      only: "client",
    },
  ],
  "non-minimal-length": [
    ...[0n, 1n, 125n].map((announcedLength) => ({
      what: `RFC 6455 §5.2: length ${announcedLength} in 16 bits`,
      bad: { opcode: 0x2, lengthForm: "16-bit" as const, announcedLength },
      badByte: 4,
    })),
    ...[0n, 125n, 126n, 65535n].map((announcedLength) => ({
      what: `RFC 6455 §5.2: length ${announcedLength} in 64 bits`,
      bad: { opcode: 0x2, lengthForm: "64-bit" as const, announcedLength },
      badByte: 10,
    })),
  ],
  "length-high-bit": [
    ...[1n << 63n, (1n << 63n) + 1n, (1n << 64n) - 1n].map((announcedLength) => ({
      what: `RFC 6455 §5.2: length 0x${announcedLength.toString(16)}`,
      bad: { opcode: 0x2, announcedLength },
      badByte: 3,
    })),
    {
      what: "RFC 6455 §5.2: length 2^63 where nothing limits the length",
      bad: { opcode: 0x2, announcedLength: 1n << 63n },
      badByte: 3,
      setup: { limits: { maxFrameBytes: Infinity, maxMessageBytes: Infinity, maxFragments: Infinity } },
    },
  ],
  "fragmented-control": control.map((opcode) => ({
    what: `RFC 6455 §5.5: a control frame without FIN (opcode ${opcode})`,
    bad: { opcode, isFinal: false },
    badByte: 1,
  })),
  "control-too-long": [
    ...control.map((opcode) => ({
      what: `RFC 6455 §5.5: a control frame of 126 bytes (opcode ${opcode})`,
      bad: { opcode, payload: new Uint8Array(126) },
      badByte: 2,
    })),
    { what: "RFC 6455 §5.5: a ping of 64 KiB", bad: { opcode: 0x9, payload: new Uint8Array(65536) }, badByte: 2 },
    {
      what: "RFC 6455 §5.5: a ping of one byte whose length is written in 16 bits",
      bad: { opcode: 0x9, payload: "a", lengthForm: "16-bit" },
      badByte: 2,
    },
    {
      what: "RFC 6455 §5.5: a ping of one byte whose length is written in 64 bits",
      bad: { opcode: 0x9, payload: "a", lengthForm: "64-bit" },
      badByte: 2,
    },
  ],
  "unexpected-continuation": [
    { what: "RFC 6455 §5.4: a continuation frame as the first", bad: continuation("a"), badByte: 1 },
    { what: "RFC 6455 §5.4: a continuation frame without FIN as the first", bad: continuation("a", false), badByte: 1 },
    {
      what: "RFC 6455 §5.4: a continuation frame after an unfragmented message",
      before: [text("a")],
      bad: continuation("b"),
      badByte: 1,
    },
    {
      what: "RFC 6455 §5.4: a continuation frame after the last fragment",
      before: [text("a", false), continuation("b")],
      bad: continuation("c"),
      badByte: 1,
    },
  ],
  "expected-continuation": [0x1, 0x2].map((opcode) => ({
    what: `RFC 6455 §5.4: a new message (opcode ${opcode}) between two fragments`,
    before: [text("a", false), { opcode: 0x9, payload: "ping" }],
    bad: { opcode, payload: "b" },
    badByte: 1,
  })),
  "close-payload-of-one-byte": [
    {
      what: "RFC 6455 §5.5.1: a close frame of one byte",
      bad: { opcode: 0x8, payload: "\u0003" },
      badByte: { ofPayload: 1 },
    },
  ],
  "invalid-close-code": [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535].map((code) => ({
    what: `RFC 6455 §7.4: close code ${code}`,
    bad: { opcode: 0x8, payload: Uint8Array.of(code >> 8, code & 0xff) },
    badByte: { ofPayload: 2 },
  })),
  "invalid-close-reason": [
    {
      what: "RFC 6455 §5.5.1: a close reason that is not UTF-8",
      bad: { opcode: 0x8, payload: hexBytes("03e8 61 ff") },
      badByte: { ofPayload: 4 },
    },
    {
      what: "RFC 6455 §5.5.1: a close reason cut within a character",
      bad: { opcode: 0x8, payload: hexBytes("03e8 e282") },
      badByte: { ofPayload: 4 },
    },
  ],
  "invalid-utf8": [
    {
      what: "RFC 6455 §8.1: a text with a byte that no text holds, and more to come",
      bad: text(hexBytes("6869 ff 6869")),
      badByte: { ofPayload: 3 },
    },
    {
      what: "RFC 6455 §8.1: a text of one continuation byte",
      bad: text(hexBytes("80 00")),
      badByte: { ofPayload: 1 },
    },
    {
      what: "RFC 6455 §8.1: a fragment with an overlong form, long before the message ends",
      bad: text(hexBytes("e080 80 6869"), false),
      badByte: { ofPayload: 2 },
    },
    {
      what: "RFC 6455 §8.1: a character of which the next fragment has another byte than it needs",
      before: [text(hexBytes("ed"), false)],
      bad: continuation(hexBytes("a0 80")),
      badByte: { ofPayload: 1 },
    },
    {
      what: "RFC 6455 §8.1: a text that ends within a character",
      bad: text(hexBytes("f09f98")),
      badByte: { ofPayload: 3 },
    },
    {
      what: "RFC 6455 §8.1: ASCII where the last fragment owes the rest of a character",
      before: [text(hexBytes("61 e282"), false)],
      bad: continuation("a"),
      badByte: { ofPayload: 1 },
    },
    {
      what: "RFC 6455 §8.1: an empty last fragment that leaves a character cut",
      before: [text(hexBytes("e282"), false)],
      bad: continuation(""),
      badByte: { ofPayload: 0 },
    },
  ],
  // The receiver gives compressed bytes on; who inflates them tells of it: test/connection/deflate.
  "invalid-deflate": [],
  "unsupported-data": [
    {
      what: "RFC 6455 §7.4.1: a binary message to an endpoint that takes text only",
      before: [text("a")],
      bad: { opcode: 0x2, payload: "b" },
      badByte: 1,
      setup: { messageTypes: "text" },
    },
    {
      what: "RFC 6455 §7.4.1: a text message to an endpoint that takes binary only",
      before: [{ opcode: 0x2, payload: "a" }],
      bad: text("b", false),
      badByte: 1,
      setup: { messageTypes: "binary" },
    },
  ],
  "frame-too-big": [
    ...[1, 125, 126, 65535, 65536].map((maxFrameBytes) => ({
      what: `RFC 6455 §10.4: a frame one byte above a limit of ${maxFrameBytes}`,
      bad: { opcode: 0x2, announcedLength: BigInt(maxFrameBytes + 1) },
      badByte: maxFrameBytes < 125 ? 2 : maxFrameBytes < 65535 ? 4 : 10,
      setup: { limits: { maxFrameBytes } },
    })),
    {
      what: "RFC 6455 §10.4: a frame one byte above a limit of 2^32",
      bad: { opcode: 0x2, announcedLength: (1n << 32n) + 1n },
      badByte: 10,
      setup: { limits: { maxFrameBytes: 2 ** 32, maxMessageBytes: Infinity } },
    },
    {
      what: "RFC 6455 §10.4: a frame of 2^63 - 1 bytes where the limit is 2^53 - 1",
      bad: { opcode: 0x2, announcedLength: (1n << 63n) - 1n },
      badByte: 10,
      setup: { limits: { maxFrameBytes: Number.MAX_SAFE_INTEGER, maxMessageBytes: Infinity } },
    },
  ],
  "message-too-big": [
    ...[31n, 32n, 53n, 62n].map((power) => ({
      what: `RFC 6455 §10.4: a message of 2^${power} bytes in one frame`,
      bad: { opcode: 0x2, announcedLength: 1n << power },
      badByte: 10,
    })),
    {
      what: "RFC 6455 §10.4: one frame above both limits",
      bad: { opcode: 0x2, announcedLength: 11n },
      badByte: 2,
      setup: { limits: { maxMessageBytes: 10, maxFrameBytes: 5 } },
    },
    {
      what: "RFC 6455 §10.4: one frame above the limit of a message",
      bad: { opcode: 0x2, announcedLength: 11n },
      badByte: 2,
      setup: { limits: { maxMessageBytes: 10 } },
    },
    {
      what: "RFC 6455 §10.4: a fragment that makes the message one byte too long",
      before: [text("12345", false), continuation("67890", false), { opcode: 0x9, payload: "not counted" }],
      bad: continuation("1"),
      badByte: 2,
      setup: { limits: { maxMessageBytes: 10 } },
    },
    {
      what: "RFC 6455 §10.4: a fragment of 2^53 bytes to a message that nothing but its sum limits",
      before: [text("1", false)],
      bad: { ...continuation(""), announcedLength: 1n << 53n },
      badByte: 10,
      setup: { limits: { maxFrameBytes: Infinity, maxMessageBytes: Number.MAX_SAFE_INTEGER } },
    },
  ],
  "too-many-fragments": [
    {
      what: "RFC 6455 §10.4: a second fragment where one is the limit",
      before: [text("a", false)],
      bad: continuation("b"),
      badByte: 1,
      setup: { limits: { maxFragments: 1 } },
    },
    {
      what: "RFC 6455 §10.4: a fourth fragment where three are the limit, empty ones and not control frames counted",
      before: [text("", false), continuation("", false), { opcode: 0x9 }, continuation("", false)],
      bad: continuation(""),
      badByte: 1,
      setup: { limits: { maxFragments: 3 } },
    },
  ],
};
