import type { Parsed } from "./raw-socket.js";

/** RFC 9113 §6. */
export const FrameType = {
  data: 0x0,
  headers: 0x1,
  rstStream: 0x3,
  settings: 0x4,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

/** RFC 9113 §6.1, §6.2, §6.5. */
export const Flag = { none: 0x0, endStream: 0x1, ack: 0x1, endHeaders: 0x4 } as const;

/** RFC 9113 §6.5.2. */
export const Setting = { initialWindowSize: 0x4, enableConnectProtocol: 0x8 } as const;

/** RFC 9113 §7. */
export const ErrorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  refusedStream: 0x7,
  cancel: 0x8,
  enhanceYourCalm: 0xb,
} as const;

/** What every client begins with, RFC 9113 §3.4. */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export interface Http2Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The bytes of a frame, RFC 9113 §4.1. */
export function http2Frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** Reads one whole frame at the front of `bytes`. */
export function parseHttp2Frame(bytes: Buffer): Parsed<Http2Frame> | undefined {
  if (bytes.length < 9) return undefined;
  const size = 9 + bytes.readUIntBE(0, 3);
  if (bytes.length < size) return undefined;
  const payload = bytes.subarray(9, size);
  const streamId = bytes.readUInt32BE(5) & 0x7fffffff;
  return { value: { type: bytes.readUInt8(3), flags: bytes.readUInt8(4), streamId, payload }, size };
}

/** A SETTINGS frame, RFC 9113 §6.5.1. */
export function settingsFrame(values: Readonly<Record<number, number>> = {}): Buffer {
  const entries = Object.entries(values).map(([id, value]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(Number(id), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  });
  return http2Frame(FrameType.settings, Flag.none, 0, Buffer.concat(entries));
}

/** The payload of RST_STREAM and WINDOW_UPDATE: one number of 32 bits. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A header block: each field as a literal without indexing and with a new name, RFC 7541 §6.2.2, without Huffman's code. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer => {
    if (value.length > 126) throw new Error("a length of more than seven bits is not written here");
    return Buffer.concat([Uint8Array.of(value.length), Buffer.from(value, "latin1")]);
  };
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Uint8Array.of(0), text(name), text(value)]));
}
