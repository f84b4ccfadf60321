import { StringDecoder } from "node:string_decoder";
import { ReadableStream } from "node:stream/web";

import { type Deferred, defer, handled } from "../internal/deferred.js";
import { ConnectionError } from "./connection-error.js";
import type { Message } from "./message.js";
import { copyBytes } from "./received-message.js";

/** One message, read piece by piece as it arrives: strings of a text, `Uint8Array`s (yours to keep) of a binary message. */
export type MessageStream = StreamOf<"text", string> | StreamOf<"binary", Uint8Array>;

/**
 * A message of one type, as `receiveStream` gives it. Iterate it once, or take it as a `ReadableStream`; reading it slowly stops the peer.
 * Leaving the loop, or `cancel`, drops the rest. When the connection ends first, reading rejects with `ConnectionError`
 * `message-cut`.
 */
export interface StreamOf<Type extends "text" | "binary", Piece extends Message> extends AsyncIterable<Piece> {
  /** Whether its pieces are text or bytes. */
  readonly type: Type;
  /** The message as a web stream; cancelling it drops the rest. */
  readonly readable: ReadableStream<Piece>;
  /** Drops the rest of the message: the connection goes on with the next one. */
  cancel(): void;
}

type NextPiece = IteratorResult<Message, undefined>;

const NO_MORE: NextPiece = Object.freeze({ done: true, value: undefined });

/** A message on its way to its reader. At most one piece waits here; while it does, the connection reads on no further. */
export class InboundMessage {
  readonly #onRoom: () => void;
  readonly #decoder: StringDecoder | undefined;
  #piece: Message | undefined;
  #next: Deferred<NextPiece> | undefined;
  #hasEnded = false;
  #isCancelled = false;
  #error: ConnectionError | undefined;

  /** @param onRoom called when a piece was taken and there is room for another */
  constructor(isText: boolean, onRoom: () => void) {
    this.#onRoom = onRoom;
    this.#decoder = isText ? new StringDecoder("utf8") : undefined;
  }

  /** Whether a further piece would find no room. */
  get isFull(): boolean {
    return this.#piece !== undefined;
  }

  /** Whether the rest of the message is dropped. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Takes a piece; returns whether another may follow at once. */
  push(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    if (this.#isCancelled) return true;
    this.#hasEnded = isLast;
    const piece = this.#decoder?.write(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start));
    this.#give(piece ?? copyBytes(bytes, start, end));
    return !this.isFull;
  }

  /** Takes the whole of a message that has been received already. */
  pushWhole(message: Message): void {
    this.#hasEnded = true;
    this.#give(message);
  }

  /** The connection has ended in the middle of the message. */
  fail(error: ConnectionError): void {
    this.#error = error;
    this.#hasEnded = true;
    this.#next?.reject(error);
    this.#next = undefined;
  }

  /** What its reader holds. The type of the message is that of its pieces, which the compiler cannot see. */
  stream(): MessageStream {
    return new Stream(this) as unknown as MessageStream;
  }

  get type(): "text" | "binary" {
    return this.#decoder === undefined ? "binary" : "text";
  }

  next(): Promise<NextPiece> {
    const piece = this.#piece;
    if (piece !== undefined) {
      this.#piece = undefined;
      if (!this.#hasEnded) this.#onRoom();
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#error !== undefined) return handled(Promise.reject(this.#error));
    if (this.#hasEnded || this.#isCancelled) return Promise.resolve(NO_MORE);
    if (this.#next !== undefined) return handled(Promise.reject(ConnectionError.alreadyReading()));
    const next = defer<NextPiece>();
    this.#next = next;
    this.#onRoom();
    return next.promise;
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#piece = undefined;
    this.#next?.resolve(NO_MORE);
    this.#next = undefined;
    if (!this.#hasEnded) this.#onRoom();
  }

  /** A text piece that is but the beginning of a character is none yet. */
  #give(piece: Message): void {
    const next = this.#next;
    if (piece.length === 0) {
      if (!this.#hasEnded) return;
      this.#next = undefined;
      next?.resolve(NO_MORE);
    } else if (next === undefined) {
      this.#piece = piece;
    } else {
      this.#next = undefined;
      next.resolve({ done: false, value: piece });
    }
  }
}

class Stream implements AsyncIterable<Message> {
  readonly type: "text" | "binary";
  readonly #message: InboundMessage;
  #readable: ReadableStream<Message> | undefined;

  constructor(message: InboundMessage) {
    this.#message = message;
    this.type = message.type;
  }

  get readable(): ReadableStream<Message> {
    const message = this.#message;
    this.#readable ??= new ReadableStream<Message>(
      {
        async pull(controller) {
          const { done, value } = await message.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: () => message.cancel(),
      },
      { highWaterMark: 0 },
    );
    return this.#readable;
  }

  cancel(): void {
    this.#message.cancel();
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return {
      next: () => this.#message.next(),
      return: () => {
        this.#message.cancel();
        return Promise.resolve(NO_MORE);
      },
    };
  }
}
