import { Buffer } from "node:buffer";

import { FIN, frameHeaderLength, Opcode, RSV1, writeFrameHeader } from "../protocol/index.js";
import { bytesOf, type WholeMessage } from "./message.js";

/** A message as it is framed. */
export class EncodedMessage {
  /** FIN, the reserved bits and the opcode. */
  readonly firstByte: number;
  /** The payload, in bytes of its own. */
  readonly payload: Uint8Array;
  #frame: Uint8Array | undefined;

  constructor(firstByte: number, payload: Uint8Array) {
    this.firstByte = firstByte;
    this.payload = payload;
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

/** A message that is encoded once and sent to many. Made by `prepare`. */
export class PreparedMessage extends EncodedMessage {
  /** The same compressed, by the name of how; itself where it did not shrink. */
  readonly #variants = new Map<string, EncodedMessage>();
  readonly #underWay = new Map<string, Promise<EncodedMessage>>();

  constructor(message: WholeMessage) {
    const isText = typeof message === "string";
    super(
      FIN | (isText ? Opcode.text : Opcode.binary),
      isText ? Buffer.from(message) : Uint8Array.from(bytesOf(message)),
    );
  }

  /** Whether it has been compressed in the way that `name` stands for. */
  hasVariant(name: string): boolean {
    return this.#variants.has(name);
  }

  /** That variant, made by `compress` if need be. */
  variantOf(name: string, compress: (payload: Uint8Array) => Uint8Array): EncodedMessage {
    return this.#variants.get(name) ?? this.#keep(name, compress(this.payload));
  }

  /** The same where `compress` takes its time; however many ask meanwhile, it is called once. */
  async variantAside(name: string, compress: (payload: Uint8Array) => Promise<Uint8Array>): Promise<EncodedMessage> {
    const made = this.#variants.get(name);
    if (made !== undefined) return made;
    let making = this.#underWay.get(name);
    if (making === undefined) {
      making = compress(this.payload).then((packed) => this.#keep(name, packed));
      this.#underWay.set(name, making);
    }
    return await making.finally(() => this.#underWay.delete(name));
  }

  #keep(name: string, packed: Uint8Array): EncodedMessage {
    const hasShrunk = packed.length < this.payload.length;
    const variant = hasShrunk ? new EncodedMessage(this.firstByte | RSV1, packed) : this;
    this.#variants.set(name, variant);
    return variant;
  }
}

/**
 * Encodes a message once, to be given to `send` and `write` of any number of connections. It takes a copy, so what it was made from
 * may change. Where compression was agreed on it is compressed once too, by itself.
 *
 * @throws TypeError for what cannot be sent.
 */
export function prepare(message: WholeMessage): PreparedMessage {
  return new PreparedMessage(message);
}
