/** The longest frame header: two bytes, a 64-bit length and a mask key. RFC 6455 §5.2. */
export const MAX_HEADER_BYTES = 14;

/** The bit of a frame's first byte that says it is the last of its message. RFC 6455 §5.2. */
export const FIN = 0x80;

/** The first reserved bit, which marks the first frame of a compressed message. RFC 7692 §6. */
export const RSV1 = 0x40;

/** Bytes that the header of a frame takes whose payload has `payloadLength` bytes. RFC 6455 §5.2. */
export function frameHeaderLength(payloadLength: number, isMasked: boolean): number {
  const mask = isMasked ? 4 : 0;
  if (payloadLength < 126) return 2 + mask;
  return (payloadLength < 0x10000 ? 4 : 10) + mask;
}

/**
 * Writes the first two bytes and the length of a frame into `target` at `offset`, the length in as few bytes as it takes.
 * `firstByte` is FIN, the reserved bits and the opcode; `maskBit` is 0x80 where a mask key and a masked payload follow.
 *
 * @returns the offset just past what was written, where the mask key or the payload goes.
 */
export function writeFrameHeader(
  target: Uint8Array,
  offset: number,
  firstByte: number,
  payloadLength: number,
  maskBit: 0 | 0x80 = 0,
): number {
  target[offset] = firstByte;
  // RFC 6455 §5.2: the minimal number of bytes MUST be used to encode the length.
  if (payloadLength < 126) {
    target[offset + 1] = maskBit | payloadLength;
    return offset + 2;
  }
  if (payloadLength < 0x10000) {
    target[offset + 1] = maskBit | 126;
    target[offset + 2] = payloadLength >>> 8;
    target[offset + 3] = payloadLength;
    return offset + 4;
  }
  target[offset + 1] = maskBit | 127;
  writeUint32(target, offset + 2, Math.floor(payloadLength / 0x1_0000_0000));
  writeUint32(target, offset + 6, payloadLength);
  return offset + 10;
}

/** Writes `value` modulo 2^32 in network order. */
export function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

/** The unsigned 32-bit integer in network order at `offset`. */
export function readUint32(source: Uint8Array, offset: number): number {
  const high = ((source[offset] as number) << 8) | (source[offset + 1] as number);
  const low = ((source[offset + 2] as number) << 8) | (source[offset + 3] as number);
  return high * 0x10000 + low;
}
