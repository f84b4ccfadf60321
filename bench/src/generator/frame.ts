/** RFC 6455 §5.2: the two opcodes that carry messages. */
export const Opcode = { text: 0x1, binary: 0x2 } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

const fin = 0x80;
const masked = 0x80;

/**
 * The first bytes of an unfragmented frame, up to and without the mask key.
 *
 * Written for the benchmark alone, so that a slip in the library's encoder cannot hide in its own measurement.
 */
export function frameHeader(opcode: Opcode, payloadBytes: number, isMasked: boolean): Buffer {
  const maskBit = isMasked ? masked : 0;
  if (payloadBytes < 126) return Buffer.from([fin | opcode, maskBit | payloadBytes]);
  if (payloadBytes <= 0xffff) {
    const header = Buffer.from([fin | opcode, maskBit | 126, 0, 0]);
    header.writeUInt16BE(payloadBytes, 2);
    return header;
  }
  const header = Buffer.alloc(10);
  header.set([fin | opcode, maskBit | 127]);
  header.writeBigUInt64BE(BigInt(payloadBytes), 2);
  return header;
}

/** A client's frame: masked with the four bytes of `maskKey`, as RFC 6455 §5.3 asks. */
export function clientFrame(opcode: Opcode, payload: Uint8Array, maskKey: Uint8Array): Buffer {
  if (maskKey.length !== 4) throw new RangeError(`maskKey takes 4 bytes, got ${maskKey.length}`);
  const maskedPayload = payload.map((byte, index) => byte ^ (maskKey[index % 4] ?? 0));
  return Buffer.concat([frameHeader(opcode, payload.length, true), maskKey, maskedPayload]);
}

/** The frame with which a server echoes `payload`. */
export function serverFrame(opcode: Opcode, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(opcode, payload.length, false), payload]);
}
