import { type Deferred, defer, handled } from "../internal/deferred.js";
import { type DeflateAgreement, FIN, Opcode } from "../protocol/index.js";
import type { CommonRun } from "./common-run.js";
import { CompressedOutbound, type SendMode } from "./compressed-outbound.js";
import type { ConnectionError } from "./connection-error.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { Deflater } from "./deflate/index.js";
import { LateMessages, type LateMessagesOwner } from "./late-messages.js";
import { TRANSFERRED } from "./message.js";
import { NOBODY } from "./nobody.js";
import type { Observation } from "./observation.js";
import { ObservedWriteQueue } from "./observed-write-queue.js";
import { PreparedMessage } from "./prepared-message.js";
import type { QueuedBytes, QueuedBytesHolder } from "./queued-bytes-budget.js";
import { copyBytes } from "./received-message.js";
import type { SendOptions } from "./send-options.js";
import { isLate, type LateMessage, type Payload, payloadOf, type Sendable } from "./sendable.js";
import type { Transport } from "./transport.js";
import { WriteQueue, type WriteQueueOwner, type WriteQueueSetup } from "./write-queue.js";

const READY: Promise<void> = Promise.resolve();

/** What an outbox runs on. */
export interface OutboxSetup extends WriteQueueSetup {
  /** What the handshake has settled about compression; undefined for none. */
  readonly deflate?: DeflateAgreement | undefined;
  /** Given where the connection has observers. */
  readonly observation?: Observation | undefined;
}

/** What an outbox tells the connection that it belongs to. */
export interface OutboxOwner {
  /** A message was queued, or a fragment of one. */
  noteMessage(): void;
  /** The error of what can no longer be sent. An error costs 20 µs, and nearly every connection ends without anybody to tell. */
  notOpen(): ConnectionError;
  /** What is queued has fallen to the low mark. */
  onDrained(): void;
  /** What was given to `write` could not be read, or a message that has begun cannot be completed. */
  onUnreadable(error: unknown): void;
}

/** Who keeps an outbox within its limits; it answers for what is queued when all connections together have too much. */
export interface OutboxGuard extends QueuedBytesHolder {
  /** A write has to wait for the kernel. */
  onStalled(): void;
  /** What is queued has passed `maxBufferedBytes`. */
  onOverflow(): void;
}

/** The sending side of a connection: order, back-pressure and its limits, on top of a write queue. */
export class Outbox implements WriteQueueOwner, LateMessagesOwner {
  readonly #queue: WriteQueue;
  readonly #options: ResolvedConnectionOptions;
  #owner: OutboxOwner;
  /** There where compression was agreed on. */
  readonly #compressed: CompressedOutbound | undefined;
  #guard: OutboxGuard;

  #needsDrain = false;
  #room: Deferred<void> | undefined;
  /** There once a message could not be queued at once. */
  #late: LateMessages | undefined;
  /** The payload of the latest ping, while the kernel takes no more: RFC 6455 §5.5.3 asks only for the latest to be answered. */
  #owedPong: Uint8Array | undefined;
  /** The payload of a close frame that stands in line. */
  #owedClose: Uint8Array | undefined;
  #hasEnded = false;
  /** What the budget knows of; a connection whose writes are all taken at once has none. */
  #queued: QueuedBytes | undefined;

  /** @param socket what is written to */
  constructor(socket: Transport, setup: OutboxSetup, owner: OutboxOwner, guard: OutboxGuard) {
    const { observation } = setup;
    this.#queue =
      observation === undefined
        ? new WriteQueue(socket, setup, this)
        : new ObservedWriteQueue(socket, setup, this, observation);
    this.#options = setup.options;
    this.#owner = owner;
    this.#guard = guard;
    this.#compressed = openCompressed(setup, this.#queue);
  }

  /** Whether it has nothing of its connection's, so that it can serve another meanwhile. */
  get isAtRest(): boolean {
    return (
      this.#queue.isAtRest &&
      !this.#hasLate() &&
      !this.#needsDrain &&
      !this.#hasEnded &&
      this.#room === undefined &&
      this.#owedPong === undefined &&
      this.#owedClose === undefined &&
      (this.#queued === undefined || this.#queued.bytes === 0)
    );
  }

  /** Serves `owner` from now on, as if made for it. Only where there is neither compression nor an observer. */
  serve(socket: Transport, owner: OutboxOwner, guard: OutboxGuard): void {
    this.#queue.serve(socket);
    this.#owner = owner;
    this.#guard = guard;
    this.#queued = undefined; // what is queued from now on the new guard answers for
  }

  /** Forgets whom it has served: who may be gone before it serves another. */
  leave(): void {
    this.serve(NOBODY, NOBODY, NOBODY);
  }

  /** Who observes the connection. */
  get observation(): Observation | undefined {
    return this.#queue.observation;
  }

  /** Whether nothing is sent any more but what is queued. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get bufferedBytes(): number {
    return this.#queue.bufferedBytes + (this.#late === undefined ? 0 : this.#late.bytes);
  }

  /** As `WriteQueue.untakenBytes`. */
  get untakenBytes(): number {
    return this.#queue.untakenBytes;
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
  send(message: Sendable, options?: SendOptions): Promise<void> {
    const payload = payloadOf(message);
    if (!this.#admits()) return this.#whenRoom();
    if (isLate(payload) || this.#hasLate()) return this.#sendLate(payload, options);
    const mode = this.modeOf(payload, options);
    if (mode === "aside") return this.#sendLate(payload, options, mode);
    this.put(payload, mode);
    return this.#needsDrain ? this.#whenRoom() : READY;
  }

  /** Queues `message`; returns whether there is room for more. */
  write(message: Sendable, options?: SendOptions): boolean {
    const payload = payloadOf(message);
    if (!this.#admits()) return false;
    const isLater = isLate(payload) || this.#hasLate();
    const mode = isLater ? undefined : this.modeOf(payload, options);
    if (isLater || mode === "aside") this.#writeLater(payload, options, mode);
    else this.put(payload, mode);
    return !this.#needsDrain;
  }

  #writeLater(payload: Payload | LateMessage, options: SendOptions | undefined, mode: SendMode | undefined): void {
    this.#sendLate(payload, options, mode).catch((error: unknown) => this.onUnsent(error));
  }

  /** A run of frames for others that have been sent the same last; undefined where the same is not the same bytes. */
  beginCommon(): CommonRun | undefined {
    return this.#isPlain() ? this.#queue.beginCommon() : undefined;
  }

  /** Has what is added to `run` sent here as well; returns whether that can be. */
  follow(run: CommonRun): boolean {
    return this.#isPlain() && this.#queue.follow(run);
  }

  /** Follows none any more. */
  leaveCommon(): void {
    this.#queue.leaveCommon();
  }

  /** Whether a message is queued at once, as it is. */
  #isPlain(): boolean {
    return this.#compressed === undefined && !this.#hasLate() && !this.#hasEnded;
  }

  /** Queues a ping at once, ahead of messages that stand in line. */
  ping(payload: Uint8Array): void {
    this.#queue.frame(FIN | Opcode.ping, payload);
  }

  /** Answers a ping. While the kernel takes no more only the latest is remembered, so a flood of pings piles up nothing. */
  pong(bytes: Uint8Array, start: number, end: number): void {
    if (this.#hasEnded) return;
    if (this.#queue.isInFlight) this.#owedPong = copyBytes(bytes, start, end);
    else this.#queue.frame(FIN | Opcode.pong, bytes.subarray(start, end));
  }

  /** Queues a close frame behind every message sent so far; `whenQueued` is called when it stands in the queue. */
  close(payload: Uint8Array, whenQueued: () => void): void {
    this.#owedClose = payload;
    this.afterLine(() => {
      this.#putClose();
      whenQueued();
    });
  }

  /** Calls `then` once everything that stands in line is queued: at once when nothing does. */
  afterLine(then: () => void): void {
    if (this.#late === undefined) then();
    else this.#late.after(then);
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
   * Queues nothing any more but a close frame that is still owed. Messages that stand in line are not sent; who waits for room is
   * told so.
   */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.leaveCommon();
    this.#owedPong = undefined;
    this.#putClose();
    this.#queue.flush();
    this.#compressed?.close();
    this.#late?.end();
    this.#room?.reject(this.#owner.notOpen());
    this.#room = undefined;
  }

  /** Ends our side of the socket behind what is queued. */
  endSocket(): void {
    this.#queue.end();
  }

  /** The socket is gone: forgets what was queued. */
  discard(): void {
    this.#queue.discard();
    this.#queued?.release();
  }

  #putClose(): void {
    const payload = this.#owedClose;
    this.#owedClose = undefined;
    if (payload !== undefined) this.#queue.frame(FIN | Opcode.close, payload);
  }

  /** Whether a message may be queued: not above the cap, where the sender has been asked to wait and does not. */
  #admits(): boolean {
    if (!this.#needsDrain || this.bufferedBytes <= this.#options.maxBufferedBytes) return true;
    this.#guard.onOverflow();
    return false;
  }

  /** Whether a message waits that was sent before, so that the next has to. */
  #hasLate(): boolean {
    return this.#late !== undefined && !this.#late.isEmpty;
  }

  #sendLate(message: Payload | LateMessage, options?: SendOptions, mode?: SendMode): Promise<void> {
    this.leaveCommon();
    this.#late ??= new LateMessages(this, this.#compressed, this.#queue.slabSize);
    const queued = this.#late.send(message, options, mode);
    this.#noticeStall();
    return handled(queued.then(() => (this.#needsDrain ? this.#whenRoom() : undefined)));
  }

  #whenRoom(): Promise<void> {
    if (this.#hasEnded) return handled(Promise.reject(this.#owner.notOpen()));
    this.#room ??= defer();
    return handled(this.#room.promise);
  }

  #noticeQueued(): void {
    this.#owner.noteMessage();
    if (this.#queue.isInFlight) this.#noticeStall();
  }

  // LateMessagesOwner

  get hasQueueRoom(): boolean {
    return !this.#queue.isInFlight || this.#queue.bufferedBytes < this.#options.highWaterMark;
  }

  notOpen(): ConnectionError {
    return this.#owner.notOpen();
  }

  modeOf(payload: Payload, options: SendOptions | undefined): SendMode {
    return this.#compressed === undefined ? "plain" : this.#compressed.modeOf(payload, options);
  }

  put(payload: Payload, mode: SendMode | undefined): void {
    if (mode === "now") this.#compressed?.putNow(payload);
    else if (typeof payload === "string") this.#queue.text(payload);
    else if (payload instanceof PreparedMessage) this.#queue.prepared(payload);
    else this.#queue.frame(FIN | Opcode.binary, payload);
    this.#noticeQueued();
  }

  putBy(queue: () => void): void {
    queue();
    this.#noticeQueued();
  }

  putFrame(firstByte: number, payload: Uint8Array): void {
    this.#queue.frame(firstByte, payload);
    this.#noticeQueued();
  }

  /** A message given to `write` was not sent: for want of a connection, which is known, or because it could not be read. */
  onUnsent(error: unknown): void {
    if (!this.#hasEnded) this.#owner.onUnreadable(error);
  }

  onStep(): void {
    this.#queue.flush();
    this.#noticeRoom();
  }

  // WriteQueueOwner

  onStalled(): void {
    this.#noticeStall();
    this.#guard.onStalled();
  }

  onWritten(): void {
    this.#queued?.forget();
    this.#noticeRoom(); // before a pong, which may be more than the low mark
    const pong = this.#owedPong;
    if (pong === undefined || this.#queue.isInFlight) return;
    this.#owedPong = undefined;
    this.#queue.frame(FIN | Opcode.pong, pong);
  }

  onTorn(): void {
    this.#owner.onUnreadable(new TypeError(TRANSFERRED));
  }

  #noticeStall(): void {
    const { bufferedBytes } = this;
    this.#queued ??= this.#options.queuedBytesBudget.share(this.#guard);
    this.#queued.set(bufferedBytes);
    if (bufferedBytes >= this.#options.highWaterMark) this.#needsDrain = true;
  }

  #noticeRoom(): void {
    this.#queued?.set(this.bufferedBytes);
    this.#late?.noticeRoom(this.#queue.bufferedBytes, this.#options.lowWaterMark);
    if (!this.#needsDrain || this.bufferedBytes > this.#options.lowWaterMark) return;
    this.#needsDrain = false;
    this.#room?.resolve();
    this.#room = undefined;
    this.#owner.onDrained();
  }
}

function openCompressed(
  { deflate, options, writeSlabs }: OutboxSetup,
  queue: WriteQueue,
): CompressedOutbound | undefined {
  if (deflate === undefined || options.compression === undefined) return undefined;
  return new CompressedOutbound(new Deflater(deflate.ours, options.compression), queue, writeSlabs.slabSize);
}
