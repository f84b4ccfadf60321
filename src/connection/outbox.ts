import { Buffer } from "node:buffer";

import { type Deferred, defer, handled } from "../internal/deferred.js";
import { FIN, Opcode } from "../protocol/index.js";
import type { ConnectionError } from "./connection-error.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { bytesOf, type Sendable } from "./message.js";
import { copyBytes } from "./received-message.js";
import { WriteQueue, type WriteQueueOwner, type WriteQueueSetup } from "./write-queue.js";

const READY: Promise<void> = Promise.resolve();

/** What an outbox tells the connection that it belongs to. */
export interface OutboxOwner {
  /** What is queued has fallen to the low mark. */
  onDrained(): void;
  /** What is queued has passed `maxBufferedBytes`. */
  onOverflow(): void;
  /** A Blob given to `write` could not be read, so it was not sent. */
  onUnreadable(error: unknown): void;
}

/** A message that is ready to be queued: text, or bytes. */
type Payload = string | Uint8Array;

/** The sending side of a connection: order, back-pressure and its limits, on top of a write queue. */
export class Outbox implements WriteQueueOwner {
  readonly #queue: WriteQueue;
  readonly #options: ResolvedConnectionOptions;
  readonly #owner: OutboxOwner;

  #needsDrain = false;
  #room: Deferred<void> | undefined;
  /** Settles when the last message in line has been queued; messages stand in line behind a Blob that is being read. */
  #line: Promise<void> | undefined;
  #lineBytes = 0;
  /** The payload of the latest ping, while the kernel takes no more: RFC 6455 §5.5.3 asks only for the latest to be answered. */
  #owedPong: Uint8Array | undefined;
  /** The payload of a close frame that stands in line. */
  #owedClose: Uint8Array | undefined;
  #ended: ConnectionError | undefined;

  constructor(setup: WriteQueueSetup, owner: OutboxOwner) {
    this.#queue = new WriteQueue(setup, this);
    this.#options = setup.options;
    this.#owner = owner;
  }

  get bufferedBytes(): number {
    return this.#queue.bufferedBytes + this.#lineBytes;
  }

  /** Whether something that was queued has not been taken by the kernel. */
  get hasUnsent(): boolean {
    return this.#queue.hasUnsent;
  }

  /** Whether `bufferedBytes` has reached the high mark and not yet fallen to the low one. */
  get needsDrain(): boolean {
    return this.#needsDrain;
  }

  /** Queues `message`; the promise resolves when there is room for more. */
  send(message: Sendable): Promise<void> {
    const payload = payloadOf(message);
    if (!this.#admits()) return this.#whenRoom();
    if (this.#line !== undefined || payload instanceof Blob) return this.#standInLine(payload);
    this.#put(payload);
    return this.#needsDrain ? this.#whenRoom() : READY;
  }

  /** Queues `message`; returns whether there is room for more. */
  write(message: Sendable): boolean {
    const payload = payloadOf(message);
    if (!this.#admits()) return false;
    if (this.#line === undefined && !(payload instanceof Blob)) this.#put(payload);
    else this.#standInLine(payload).catch((error: unknown) => this.#onUnsent(error));
    return !this.#needsDrain;
  }

  /** Queues a ping at once, ahead of messages that stand in line. */
  ping(payload: Uint8Array): void {
    this.#queue.frame(FIN | Opcode.ping, payload);
  }

  /** Answers a ping. While the kernel takes no more only the latest is remembered, so a flood of pings piles up nothing. */
  pong(bytes: Uint8Array, start: number, end: number): void {
    if (this.#ended !== undefined) return;
    if (this.#queue.isInFlight) this.#owedPong = copyBytes(bytes, start, end);
    else this.#queue.frame(FIN | Opcode.pong, bytes.subarray(start, end));
  }

  /** Queues a close frame behind every message sent so far; `whenQueued` is called when it stands in the queue. */
  close(payload: Uint8Array, whenQueued: () => void): void {
    this.#owedClose = payload;
    const put = (): void => {
      this.#putClose();
      whenQueued();
    };
    this.afterLine(put);
  }

  /** Calls `then` once everything that stands in line is queued: at once when nothing does. */
  afterLine(then: () => void): void {
    if (this.#line === undefined) then();
    else void this.#line.then(then);
  }

  cork(): void {
    this.#queue.cork();
  }

  uncork(): void {
    this.#queue.uncork();
  }

  /** Queues a last close frame ahead of all that stands in line; `end` follows. */
  fail(payload: Uint8Array): void {
    this.#owedClose = undefined;
    this.#queue.frame(FIN | Opcode.close, payload);
  }

  /**
   * Ends our side of the socket behind what is queued, a close frame that is still owed included. Messages that stand in
   * line are not sent any more; who waits for room is told `error`.
   */
  end(error: ConnectionError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#putClose();
    this.#queue.end();
    this.#room?.reject(error);
    this.#room = undefined;
  }

  /** The socket is gone: forgets what was queued. */
  discard(): void {
    this.#queue.discard();
  }

  #putClose(): void {
    const payload = this.#owedClose;
    this.#owedClose = undefined;
    if (payload !== undefined) this.#queue.frame(FIN | Opcode.close, payload);
  }

  /** Whether a message may be queued: not above the cap, where the sender has been asked to wait and does not. */
  #admits(): boolean {
    if (!this.#needsDrain || this.bufferedBytes <= this.#options.maxBufferedBytes) return true;
    this.#owner.onOverflow();
    return false;
  }

  #put(payload: Payload): void {
    if (typeof payload === "string") this.#queue.text(payload);
    else this.#queue.frame(FIN | Opcode.binary, payload);
    if (this.#queue.isInFlight) this.#noticeStall();
  }

  /** Sends `message` after those in line before it; a Blob is read when its turn comes. */
  #standInLine(message: Payload | Blob): Promise<void> {
    const size = sizeOf(message);
    this.#lineBytes += size;
    const turn = (this.#line ?? READY).then(async () => {
      let payload: Payload;
      try {
        payload = message instanceof Blob ? new Uint8Array(await message.arrayBuffer()) : message;
      } finally {
        this.#lineBytes -= size;
      }
      if (this.#ended !== undefined) throw this.#ended;
      this.#put(payload);
    });
    const line = turn.then(noop, noop);
    this.#line = line;
    void line.then(() => {
      if (this.#line === line) this.#line = undefined;
      this.#queue.flush();
      this.#noticeRoom();
    });
    this.#noticeStall();
    return handled(turn.then(() => (this.#needsDrain ? this.#whenRoom() : undefined)));
  }

  /** A message given to `write` was not sent: for want of a connection, which is known, or because a Blob has failed. */
  #onUnsent(error: unknown): void {
    if (this.#ended === undefined) this.#owner.onUnreadable(error);
  }

  #whenRoom(): Promise<void> {
    if (this.#ended !== undefined) return handled(Promise.reject(this.#ended));
    this.#room ??= defer();
    return handled(this.#room.promise);
  }

  // WriteQueueOwner

  onStalled(): void {
    this.#noticeStall();
  }

  onWritten(): void {
    const pong = this.#owedPong;
    if (pong !== undefined && !this.#queue.isInFlight) {
      this.#owedPong = undefined;
      this.#queue.frame(FIN | Opcode.pong, pong);
    }
    this.#noticeRoom();
  }

  #noticeStall(): void {
    if (this.bufferedBytes >= this.#options.highWaterMark) this.#needsDrain = true;
  }

  #noticeRoom(): void {
    if (!this.#needsDrain || this.bufferedBytes > this.#options.lowWaterMark) return;
    this.#needsDrain = false;
    this.#room?.resolve();
    this.#room = undefined;
    this.#owner.onDrained();
  }
}

function payloadOf(message: Sendable): Payload | Blob {
  return typeof message === "string" || message instanceof Blob ? message : bytesOf(message);
}

function sizeOf(message: Payload | Blob): number {
  if (typeof message === "string") return Buffer.byteLength(message);
  return message instanceof Blob ? message.size : message.length;
}

function noop(): void {}
