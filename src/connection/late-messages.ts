import { type Deferred, defer, handled } from "../internal/deferred.js";
import type { CompressedOutbound, SendMode } from "./compressed-outbound.js";
import type { ConnectionError } from "./connection-error.js";
import { FragmentedMessage, type FragmentSink } from "./fragmented-message.js";
import { bytesOf, type MessageSource } from "./message.js";
import { copyBytes } from "./received-message.js";
import { lasting } from "./reused-memory.js";
import { SendLine, type SendLineOwner } from "./send-line.js";
import type { SendOptions } from "./send-options.js";
import { isLate, type LateMessage, type Payload, sizeOf } from "./sendable.js";

/** What late messages need of the outbox that they are sent by. */
export interface LateMessagesOwner extends SendLineOwner {
  /** Whether nothing is sent any more. */
  readonly hasEnded: boolean;
  /** Whether the queue, without those in line, has room for more. */
  readonly hasQueueRoom: boolean;
  /** The error of what can no longer be sent. */
  notOpen(): ConnectionError;
  /** How `payload` is to be sent; to be asked once for each message. */
  modeOf(payload: Payload, options: SendOptions | undefined): SendMode;
  /** Queues a message whose turn has come. */
  put(payload: Payload, mode: SendMode): void;
  /** The same for a compressed one, which `queue` does. */
  putBy(queue: () => void): void;
  /** Queues a frame of one. */
  putFrame(firstByte: number, payload: Uint8Array): void;
  /** One that has begun cannot be completed. */
  onUnsent(cause: unknown): void;
}

/** Messages that cannot be queued at once: what has to be read, or is long to compress, and all that is sent behind it. */
export class LateMessages {
  readonly #owner: LateMessagesOwner;
  /** There where compression was agreed on. */
  readonly #compressed: CompressedOutbound | undefined;
  /** Bytes of a payload that is copied at once. */
  readonly #mostCopied: number;
  readonly #line: SendLine;
  /** The message that is being sent in fragments. */
  #fragmented: FragmentedMessage | undefined;
  /** What it waits for: room in the queue itself, for those in line behind it wait for it. */
  #room: Deferred<void> | undefined;

  /** @param slabSize bytes of a write slab, of which the queue copies payloads up to half */
  constructor(owner: LateMessagesOwner, compressed: CompressedOutbound | undefined, slabSize: number) {
    this.#owner = owner;
    this.#compressed = compressed;
    this.#mostCopied = slabSize / 2;
    this.#line = new SendLine(owner);
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#line.isEmpty;
  }

  /** Bytes of those in line, as far as they are known. */
  get bytes(): number {
    return this.#line.bytes;
  }

  /** Calls `then` once all of them are queued: at once when there are none. */
  after(then: () => void): void {
    this.#line.after(then);
  }

  /** Sends `message` after those in line before it; resolves when it is queued. */
  send(given: Payload | LateMessage, options: SendOptions | undefined, mode: SendMode | undefined): Promise<void> {
    const message = this.#isCopied(given) ? copyBytes(given, 0, given.length) : lasting(given);
    return this.#line.join(sizeOf(message), async (release) => {
      if (isLate(message) && !(message instanceof Blob)) {
        await this.#sendFragments(message, options);
        return;
      }
      const payload = message instanceof Blob ? new Uint8Array(await message.arrayBuffer()) : message;
      if (payload instanceof Uint8Array) bytesOf(payload); // it has waited, and may have been transferred meanwhile
      const put = await this.#prepare(payload, mode ?? this.#owner.modeOf(payload, options));
      release();
      if (this.#owner.hasEnded) throw this.#owner.notOpen();
      put();
    });
  }

  /** Whether it may be changed once it was given, as where it does not have to wait. */
  #isCopied(message: Payload | LateMessage): message is Uint8Array {
    return message instanceof Uint8Array && message.length <= this.#mostCopied;
  }

  /** `queuedBytes` are in the queue now. */
  noticeRoom(queuedBytes: number, lowWaterMark: number): void {
    if (this.#room === undefined || queuedBytes > lowWaterMark) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  /** Nothing is sent any more: who waits is told so. */
  end(): void {
    this.#fragmented?.abort(this.#owner.notOpen());
    this.#room?.reject(this.#owner.notOpen());
  }

  /** What queues `payload`, once it is compressed. */
  async #prepare(payload: Payload, mode: SendMode): Promise<() => void> {
    if (mode !== "aside" || this.#compressed === undefined) return () => this.#owner.put(payload, mode);
    try {
      const queue = await this.#compressed.prepare(payload);
      return () => this.#owner.putBy(queue);
    } catch (error) {
      throw this.#owner.hasEnded ? this.#owner.notOpen() : error;
    }
  }

  async #sendFragments(source: MessageSource, options: SendOptions | undefined): Promise<void> {
    if (this.#owner.hasEnded) throw this.#owner.notOpen();
    this.#fragmented = new FragmentedMessage(source, this.#fragmentSink(options));
    await this.#fragmented.send().finally(() => (this.#fragmented = undefined));
  }

  /** Where the fragments of one message go. */
  #fragmentSink(options: SendOptions | undefined): FragmentSink {
    return {
      deflating: (isText) => this.#compressed?.beginPieces(isText, options),
      fragment: (firstByte, payload) => {
        if (this.#owner.hasEnded) throw this.#owner.notOpen();
        this.#owner.putFrame(firstByte, payload);
      },
      whenRoom: () => this.#whenRoom(),
      abandon: (cause) => this.#owner.onUnsent(cause),
    };
  }

  /** Resolves when the queue has room for more; `undefined` where it has already. */
  #whenRoom(): Promise<void> | undefined {
    if (this.#owner.hasEnded) return handled(Promise.reject(this.#owner.notOpen()));
    if (this.#owner.hasQueueRoom) return undefined;
    this.#room ??= defer();
    return handled(this.#room.promise);
  }
}
