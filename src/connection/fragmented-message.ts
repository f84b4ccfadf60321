import { Buffer } from "node:buffer";

import { FIN, Opcode, RSV1 } from "../protocol/index.js";
import type { PieceDeflater } from "./deflate/index.js";
import { bytesOf, type MessageSource } from "./message.js";

/** Where the fragments go. */
export interface FragmentSink {
  /** What compresses a message of this type; `undefined` where it is sent as it is. */
  deflating(isText: boolean): PieceDeflater | undefined;
  /** Queues one frame; throws when the connection has ended. */
  fragment(firstByte: number, payload: Uint8Array): void;
  /** Resolves when there is room for more; rejects when the connection has ended. */
  whenRoom(): Promise<void> | undefined;
  /** The message has begun and cannot be completed, for what `cause` says. */
  abandon(cause: unknown): void;
}

/**
 * One outgoing message whose length nobody knows: each piece of its source goes out as a fragment as soon as it comes, an empty frame
 * ends it. RFC 6455 §5.4.
 */
export class FragmentedMessage {
  readonly #iterator: AsyncIterator<string | Uint8Array>;
  readonly #sink: FragmentSink;
  /** The opcode of the next frame; undefined until the first piece has said the type. */
  #opcode: Opcode | undefined;
  #isText = false;
  #hasBegun = false;
  /** Half a character (a high surrogate) that the last piece ended with. */
  #half = "";
  #cut: ((error: unknown) => void) | undefined;
  #deflating: PieceDeflater | undefined;

  constructor(source: MessageSource, sink: FragmentSink) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#sink = sink;
  }

  /** Sends the message to its end. Rejects with what the source throws, and when the connection ends first. */
  async send(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#next();
        if (done === true) break;
        await this.#take(value);
        await this.#sink.whenRoom();
      }
      await this.#end();
    } catch (cause) {
      this.#deflating?.close();
      this.#giveUp().catch(ignore);
      if (this.#hasBegun) this.#sink.abandon(cause);
      throw cause;
    }
  }

  /** Has `send` reject with `error` though its source gives nothing: the connection has ended. */
  abort(error: unknown): void {
    this.#cut?.(error);
  }

  /** The next piece, unless `abort` comes first. */
  #next(): Promise<IteratorResult<string | Uint8Array, unknown>> {
    return new Promise((resolve, reject) => {
      this.#cut = reject;
      this.#iterator.next().then(resolve, reject);
    });
  }

  /** Tells the source that nobody wants the rest. */
  async #giveUp(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #take(piece: string | Uint8Array): Promise<void> {
    const isText = typeof piece === "string";
    if (this.#opcode === undefined) {
      this.#isText = isText;
      this.#opcode = isText ? Opcode.text : Opcode.binary;
      this.#deflating = this.#sink.deflating(isText);
    } else if (isText !== this.#isText) {
      throw new TypeError(
        `a message is all text or all binary; its source gave ${isText ? "text" : "bytes"} after the other`,
      );
    }
    const bytes = isText ? this.#encode(piece) : bytesOf(piece);
    if (bytes.length > 0) await this.#send(bytes);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    this.#frame(0, this.#deflating === undefined ? bytes : await this.#deflating.add(bytes));
  }

  async #end(): Promise<void> {
    const rest = Buffer.from(this.#half);
    if (this.#deflating === undefined) {
      this.#frame(FIN, rest);
      return;
    }
    if (rest.length > 0) await this.#send(rest);
    this.#frame(FIN, this.#deflating.end());
  }

  /** A character of two UTF-16 units may be cut between two pieces. */
  #encode(piece: string): Uint8Array {
    const text = this.#half + piece;
    const last = text.charCodeAt(text.length - 1);
    const isCut = last >= 0xd800 && last <= 0xdbff;
    this.#half = isCut ? text.slice(-1) : "";
    return Buffer.from(isCut ? text.slice(0, -1) : text);
  }

  /** A message without any piece is an empty binary one. */
  #frame(fin: number, payload: Uint8Array): void {
    this.#sink.fragment(fin | (this.#hasBegun ? Opcode.continuation : this.#firstOpcode), payload);
    this.#hasBegun = true;
  }

  /** RFC 7692 §6.1: RSV1 is set on the first frame of a compressed message, and on no other. */
  get #firstOpcode(): number {
    return (this.#opcode ?? Opcode.binary) | (this.#deflating === undefined ? 0 : RSV1);
  }
}

function ignore(): void {}
