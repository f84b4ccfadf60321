import type { Parsed } from "./raw-socket.js";

/** What a frame says. Binary payloads are written in hex. */
export type Said =
  | { readonly text: string }
  | { readonly binary: string }
  /** A frame of a message in several, its payload in hex. */
  | { readonly fragment: string; readonly opcode: number; readonly isFinal: boolean }
  /** The first or only frame of a compressed message, its payload in hex. */
  | { readonly compressed: string; readonly opcode: number; readonly isFinal: boolean }
  | { readonly ping: string }
  | { readonly pong: string }
  | { readonly close: number | undefined; readonly reason: string };

/**
 * Reads one whole frame at the front of `bytes`, from RFC 6455 §5.2 and without any help from what is under test. Throws for
 * what no server may send.
 */
export function parseServerFrame(bytes: Buffer): Parsed<Said> | undefined {
  const frame = parseFrame(bytes);
  if (frame?.value.maskKey !== undefined) throw new Error("a server sent a masked frame");
  return frame && { value: meaningOf(frame.value), size: frame.size };
}

/** The same for a frame from a client. */
export function parseClientFrame(bytes: Buffer): Parsed<Said> | undefined {
  const frame = parseFrame(bytes);
  if (frame === undefined) return undefined;
  const { payload, maskKey } = frame.value;
  if (maskKey === undefined) throw new Error("a client sent a frame that is not masked");
  const unmasked = Buffer.from(payload.map((byte, index) => byte ^ maskKey[index % 4]!));
  return { value: meaningOf({ ...frame.value, payload: unmasked }), size: frame.size };
}

interface Frame {
  readonly isFinal: boolean;
  readonly isCompressed: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly maskKey: Buffer | undefined;
}

function parseFrame(bytes: Buffer): Parsed<Frame> | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1) & 0x7f;
  const isFinal = first >= 0x80;
  // RFC 7692 §6: RSV1 stands on the first frame of a compressed message only.
  const isCompressed = (first & 0x40) !== 0 && ((first & 0x0f) === 0x1 || (first & 0x0f) === 0x2);
  if ((first & (isCompressed ? 0x30 : 0x70)) !== 0 || (!isFinal && (first & 0x08) !== 0))
    throw new Error(`a frame has first byte 0x${first.toString(16)}`);
  const keyAt = second < 126 ? 2 : second === 126 ? 4 : 10;
  if (bytes.length < keyAt) return undefined;
  const length = second < 126 ? second : second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length < [0, 126, 65536][[2, 4, 10].indexOf(keyAt)]!) throw new Error(`length ${length} in ${keyAt - 1} bytes`);
  const isMasked = bytes.readUInt8(1) >= 0x80;
  const start = isMasked ? keyAt + 4 : keyAt;
  if (bytes.length < start + length) return undefined;
  const maskKey = isMasked ? bytes.subarray(keyAt, start) : undefined;
  const payload = bytes.subarray(start, start + length);
  return { value: { isFinal, isCompressed, opcode: first & 0x0f, payload, maskKey }, size: start + length };
}

function meaningOf({ isFinal, isCompressed, opcode, payload }: Frame): Said {
  if (isCompressed) return { compressed: payload.toString("hex"), opcode, isFinal };
  if (!isFinal || opcode === 0x0) return { fragment: payload.toString("hex"), opcode, isFinal };
  return read(opcode, payload);
}

function read(opcode: number, payload: Buffer): Said {
  switch (opcode) {
    case 0x1:
      return { text: payload.toString() };
    case 0x2:
      return { binary: payload.toString("hex") };
    case 0x8:
      return { close: payload.length === 0 ? undefined : payload.readUInt16BE(0), reason: payload.toString("utf8", 2) };
    case 0x9:
      return { ping: payload.toString() };
    case 0xa:
      return { pong: payload.toString() };
    default:
      throw new Error(`a frame has opcode ${opcode}`);
  }
}
