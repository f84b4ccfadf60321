/** Frame opcodes, RFC 6455 §5.2. 0x3-0x7 and 0xB-0xF are reserved. */
export const Opcode = {
  /** One more fragment of the message under way. */
  continuation: 0x0,
  /** A text message, or its first fragment. */
  text: 0x1,
  /** A binary message, or its first fragment. */
  binary: 0x2,
  /** The closing handshake. */
  close: 0x8,
  /** Asks for a pong with the same payload. */
  ping: 0x9,
  /** Answers a ping, or says unasked that its sender is there. */
  pong: 0xa,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Whether `opcode` names a control frame: close, ping, pong or one reserved for control, RFC 6455 §5.5. */
export function isControl(opcode: number): boolean {
  return opcode >= 0x8;
}

/** Whether `opcode` is one of those that RFC 6455 §5.2 reserves for later. */
export function isReserved(opcode: number): boolean {
  return (opcode > Opcode.binary && opcode < Opcode.close) || opcode > Opcode.pong;
}
