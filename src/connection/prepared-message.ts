import { Buffer } from "node:buffer";

import { FIN, frameHeaderLength, Opcode, writeFrameHeader } from "../protocol/index.js";
import { bytesOf, type WholeMessage } from "./message.js";

/** A message that is encoded once and sent to many. Made by `prepare`. */
export class PreparedMessage {
  /** FIN and the opcode. */
  readonly firstByte: number;
  /** The message, in bytes of its own. */
  readonly payload: Uint8Array;
  #frame: Uint8Array | undefined;

  constructor(message: WholeMessage) {
    const isText = typeof message === "string";
    this.firstByte = FIN | (isText ? Opcode.text : Opcode.binary);
    this.payload = isText ? Buffer.from(message) : Uint8Array.from(bytesOf(message));
  }

  /** The whole frame as a server sends it: unmasked, and the same for every peer. */
  get frame(): Uint8Array {
    this.#frame ??= this.#encode();
    return this.#frame;
  }

  #encode(): Uint8Array {
    const { length } = this.payload;
    const frame = Buffer.allocUnsafeSlow(frameHeaderLength(length, false) + length);
    frame.set(this.payload, writeFrameHeader(frame, 0, this.firstByte, length));
    return frame;
  }
}

/**
 * Encodes a message once, to be given to `send` and `write` of any number of connections. It takes a copy, so what it was made from
 * may change.
 *
 * @throws TypeError for what cannot be sent.
 */
export function prepare(message: WholeMessage): PreparedMessage {
  return new PreparedMessage(message);
}
