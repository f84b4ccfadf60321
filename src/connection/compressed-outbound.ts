import { Buffer } from "node:buffer";

import { FIN, Opcode, RSV1 } from "../protocol/index.js";
import type { Deflater, PieceDeflater } from "./deflate/index.js";
import { type EncodedMessage, PreparedMessage } from "./prepared-message.js";
import { copyBytes } from "./received-message.js";
import type { SendOptions } from "./send-options.js";
import { type Payload, sizeOf } from "./sendable.js";
import type { WriteQueue } from "./write-queue.js";

/** How a message is sent: as it is, compressed at once, or compressed on zlib's threads first. */
export type SendMode = "plain" | "now" | "aside";

/** Compressed messages on their way out: which are, and how they come into the write queue. */
export class CompressedOutbound {
  readonly #deflater: Deflater;
  readonly #queue: WriteQueue;
  readonly #slabSize: number;

  /** @param slabSize bytes of a write slab, of which the queue copies payloads up to half */
  constructor(deflater: Deflater, queue: WriteQueue, slabSize: number) {
    this.#deflater = deflater;
    this.#queue = queue;
    this.#slabSize = slabSize;
  }

  /** How `payload` is to be sent; to be asked once for each message. */
  modeOf(payload: Payload, options: SendOptions | undefined): SendMode {
    if (!this.#isWanted(payload, options)) return "plain";
    const isReady = payload instanceof PreparedMessage && payload.hasVariant(this.#deflater.variant);
    return isReady || this.#deflater.isAtOnce(sizeOf(payload)) ? "now" : "aside";
  }

  /** Compresses `payload` and queues it. */
  putNow(payload: Payload): void {
    if (payload instanceof PreparedMessage) {
      const { variant } = this.#deflater;
      const compress = (): Uint8Array => copyAll(this.#deflater.compressAloneNow(payload.payload));
      this.#putPrepared(payload, payload.variantOf(variant, compress));
      return;
    }
    const isText = typeof payload === "string";
    const packed = this.#deflater.compressNow(isText, isText ? Buffer.from(payload) : payload);
    this.#queue.frame(firstByte(isText), packed.length * 2 > this.#slabSize ? copyAll(packed) : packed);
  }

  /** Compresses `payload` on zlib's threads; what it resolves with queues it. Rejects when the connection ends first. */
  async prepare(payload: Payload): Promise<() => void> {
    if (payload instanceof PreparedMessage) {
      const encoded = await payload.variantAside(this.#deflater.variant, (bytes) =>
        this.#deflater.compressAlone(bytes),
      );
      return () => this.#putPrepared(payload, encoded);
    }
    const isText = typeof payload === "string";
    const packed = await this.#deflater.compressAside(isText, isText ? Buffer.from(payload) : payload);
    return () => this.#queue.frame(firstByte(isText), packed);
  }

  /** The compressor of a message that is sent in fragments; `undefined` where it is sent as it is. */
  beginPieces(isText: boolean, { compress, secret }: SendOptions = {}): PieceDeflater | undefined {
    return compress === false || secret === true ? undefined : this.#deflater.beginPieces(isText, compress === true);
  }

  close(): void {
    this.#deflater.close();
  }

  #isWanted(payload: Payload, options: SendOptions | undefined): boolean {
    if (options?.compress === false || options?.secret === true) return false;
    if (options?.compress === true) return this.#deflater.isUsable;
    if (payload instanceof PreparedMessage) return this.#deflater.isLongEnough(payload.payload.length);
    const isText = typeof payload === "string";
    // A UTF-16 unit takes three bytes at the most: most short texts need not be measured.
    if (isText && !this.#deflater.isLongEnough(payload.length * 3)) return false;
    return this.#deflater.admits(isText, sizeOf(payload));
  }

  /** One that did not shrink is sent as it is, by its variant itself. */
  #putPrepared(message: PreparedMessage, encoded: EncodedMessage): void {
    if (encoded !== message) this.#deflater.noteForeignMessage();
    this.#queue.prepared(encoded);
  }
}

function firstByte(isText: boolean): number {
  // RFC 7692 §6.1: RSV1 is set on the first frame of a compressed message.
  return FIN | RSV1 | (isText ? Opcode.text : Opcode.binary);
}

function copyAll(bytes: Uint8Array): Uint8Array {
  return copyBytes(bytes, 0, bytes.length);
}
