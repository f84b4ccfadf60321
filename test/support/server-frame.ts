import type { Parsed } from "./raw-socket.js";

/** What a frame from a server says. Binary payloads are written in hex. */
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
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  const isFinal = first >= 0x80;
  const opcode = first & 0x0f;
  // RFC 7692 §6: RSV1 stands on the first frame of a compressed message only.
  const isCompressed = (first & 0x40) !== 0 && (opcode === 0x1 || opcode === 0x2);
  if ((first & (isCompressed ? 0x30 : 0x70)) !== 0 || (!isFinal && (first & 0x08) !== 0))
    throw new Error(`a server sent first byte 0x${first.toString(16)}`);
  if (second >= 0x80) throw new Error("a server sent a masked frame");
  const start = second < 126 ? 2 : second === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = second < 126 ? second : second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length < [0, 126, 65536][[2, 4, 10].indexOf(start)]!) throw new Error(`length ${length} in ${start - 1} bytes`);
  if (bytes.length < start + length) return undefined;
  const payload = bytes.subarray(start, start + length);
  const size = start + length;
  if (isCompressed) return { value: { compressed: payload.toString("hex"), opcode, isFinal }, size };
  const isFragment = !isFinal || opcode === 0x0;
  return { value: isFragment ? { fragment: payload.toString("hex"), opcode, isFinal } : read(opcode, payload), size };
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
      throw new Error(`a server sent opcode ${opcode}`);
  }
}
