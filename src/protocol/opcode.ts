/** Frame opcodes, RFC 6455 §5.2. 0x3-0x7 and 0xB-0xF are reserved. */
export const Opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Whether `opcode` names a control frame: close, ping, pong or one reserved for control, RFC 6455 §5.5. */
export function isControl(opcode: number): boolean {
  return opcode >= 0x8;
}

/** Whether `opcode` is one of those that RFC 6455 §5.2 reserves for later. */
export function isReserved(opcode: number): boolean {
  return (opcode > Opcode.binary && opcode < Opcode.close) || opcode > Opcode.pong;
}
