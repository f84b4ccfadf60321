import type { Buffer } from "node:buffer";

import { type ClosePayload, type FaultCode, Receiver, type ReceiverSink, type Role } from "../protocol/index.js";
import { type CompressedInbound, type InflatedSink, openCompressed } from "./compressed-inbound.js";
import { FrameWatch } from "./frame-watch.js";
import type { Guard } from "./guard.js";
import { Inflow, type InflowOwner } from "./inflow.js";
import { inHand } from "./message-in-hand.js";
import type { Message } from "./message.js";
import { NOBODY } from "./nobody.js";
import { ObservedSink } from "./observed-sink.js";
import type { OutboxSetup } from "./outbox.js";
import type { RateLimit } from "./rate-limit.js";
import { RateLimitedSink } from "./rate-limited-sink.js";
import type { ReadBuffer } from "./read-buffer.js";
import type { Reader } from "./reader.js";
import { unmask } from "./receive-kernel.js";
import { memoryFor, type ReusedMemory, type Room } from "./reused-memory.js";
import {
  allocateUnfilled,
  borrowBytes,
  copyBytes,
  decodeText,
  isValidUtf8,
  MAX_TEXT_BYTES,
} from "./received-message.js";

/** Bytes of one message that are gathered while nobody reads. */
const READ_AHEAD_BYTES = 256 * 1024;
/** Less room than this is not worth a read of its own. */
const LEAST_ROOM = 16 * 1024;

/** What a receiving half runs on. */
export interface InboundSetup extends OutboxSetup {
  /** What the socket is read into. */
  readonly readBuffer: ReadBuffer;
}

/** What the receiving half asks of the connection that it belongs to, and tells it. */
export interface InboundOwner {
  /** Whether something has been read since the last ping. */
  isHeard: boolean;
  /** A message has come, or somebody has come for one. */
  noteMessage(): void;
  ping(bytes: Uint8Array, start: number, end: number): void;
  pong(bytes: Uint8Array, start: number, end: number): void;
  /** The peer's close frame. Nothing comes behind it. */
  close(payload: ClosePayload): void;
  /** The peer broke the protocol or a limit. Nothing comes behind it. */
  fault(code: FaultCode): void;
  pauseReading(): void;
  resumeReading(): void;
  /** What has been received has been gone through as far as it is taken. */
  onPumped(): void;
  /** Whether the connection is closed as far as its peer is concerned: what was received before is still to be read. */
  readonly isClosed: boolean;
}

/** The receiving half of a connection: from bytes of the socket to messages, inflated where they must be, and to who takes them. */
export class Inbound implements ReceiverSink, InflatedSink, InflowOwner {
  #owner: InboundOwner;
  #guard: Guard;
  /** There where the peer is held to a rate. */
  readonly #rate: RateLimit | undefined;
  /** Whether the guard waits to be told how it goes on: a message is under way, or what has come waits. Not at rest, where neither is so. */
  #isWatched = false;
  readonly #receiver: Receiver;
  readonly #inflow: Inflow;
  /** There where compression was agreed on. */
  readonly #compressed: CompressedInbound | undefined;
  #reader: Reader;
  /** Whether the message whose pieces come is a compressed one. */
  #isCompressed = false;
  /** What the message under way is gathered in, where that is memory that others use again. */
  #memory: ReusedMemory | undefined;
  /** Whether messages still go to the reader. They do not once either side has begun to close. */
  #takesMessages = true;

  constructor(setup: InboundSetup, role: Role, guard: Guard, reader: Reader, owner: InboundOwner) {
    const { limits, messageTypes } = setup.options;
    this.#owner = owner;
    this.#guard = guard;
    this.#compressed = openCompressed(setup, this);
    const takesCompressed = this.#compressed !== undefined;
    this.#rate = guard.rate;
    const guarded = this.#rate === undefined ? this : new RateLimitedSink(this, this.#rate);
    const { observation } = setup;
    const sink = observation === undefined ? guarded : new ObservedSink(guarded, observation);
    this.#receiver = new Receiver(sink, {
      role,
      limits,
      messageTypes,
      takesCompressed,
      unmask,
      scanner: setup.readBuffer.scanner,
      isUtf8: isValidUtf8,
      allocate: (size, announced) => this.#allocate(size, announced),
    });
    const watch =
      observation?.seesFrames === true
        ? new FrameWatch(this.#receiver, (frame) => observation.frame(frame))
        : this.#receiver;
    this.#inflow = new Inflow(watch, this);
    this.#reader = reader;
  }

  /** Whether it has nothing of its connection's, so that it can serve another meanwhile. */
  get isAtRest(): boolean {
    return this.#takesMessages && this.#memory === undefined && this.#inflow.isAtRest && this.#receiver.isAtRest;
  }

  /** Serves `owner` from now on, as if made for it. Only where there is neither compression, nor an observer, nor a limit of rate. */
  serve(owner: InboundOwner, reader: Reader, guard: Guard): void {
    this.#owner = owner;
    this.#reader = reader;
    this.#guard = guard;
  }

  /** Forgets whom it has served: who may be gone before it serves another. */
  leave(): void {
    this.serve(NOBODY, NOBODY, NOBODY);
  }

  /** Takes the first `length` bytes of `chunk` from the socket. What a handler throws meanwhile comes out. */
  read(chunk: Buffer, length: number): void {
    this.#rate?.onRead();
    this.#inflow.read(chunk, length);
  }

  /** Where what comes next of a message could be read into, so that `read` need not copy it. */
  get room(): Room | undefined {
    const memory = this.#memory;
    if (memory === undefined || this.#inflow.isBehind || this.#rate !== undefined) return undefined;
    const { room } = this.#receiver;
    const most = this.#reader.isIdle ? READ_AHEAD_BYTES - this.#receiver.gatheredBytes : Number.POSITIVE_INFINITY;
    if (room === undefined || Math.min(room.length, most) < LEAST_ROOM) return undefined;
    return { bytes: room.subarray(0, most), memory };
  }

  /**
   * Memory to gather a message in: of its own, unless somebody waits for it. Then it is gathered where others will be: a kept one is copied
   * from there, once and to memory of its length (0.85 of the processor time of echo-1MiB-1).
   */
  #allocate(size: number, announced: number): Uint8Array {
    const memory = this.#reader.isIdle ? undefined : memoryFor(size, announced);
    this.#giveBack(); // outgrown, and copied from before anybody else asks for it
    this.#memory = memory;
    if (memory === undefined) return allocateUnfilled(size);
    return memory.bytes.subarray(0, Math.max(size, announced));
  }

  #giveBack(): void {
    this.#memory?.release();
    this.#memory = undefined;
  }

  /** Notes how far receiving has come: `length` bytes were read; or none, but somebody has come back for more, and is done with the message before. */
  watch(length: number): void {
    const { isMessageUnderWay } = this.#receiver;
    const { isBehind } = this.#inflow;
    if (length > 0) this.#owner.isHeard = true;
    else this.#owner.noteMessage();
    const isWatched = isMessageUnderWay || isBehind;
    if (!isWatched && !this.#isWatched && this.#rate === undefined) return;
    this.#isWatched = isWatched;
    this.#guard.onReceived(length, isMessageUnderWay, isBehind);
  }

  #noteMessage(): void {
    this.#owner.noteMessage();
    if (this.#isWatched) this.#guard.onMessage();
  }

  /** Goes on with what was kept, as far as messages are taken, and then with the socket. */
  pump(): void {
    if (!this.#isReaderBlocked()) this.#compressed?.resume();
    this.#inflow.pump();
  }

  pumpSoon(): void {
    this.#inflow.pumpSoon();
  }

  /** Whether a message is being handled or inflated, or waits to be. */
  get isBusy(): boolean {
    return this.#reader.isBlocked || this.#isInflating();
  }

  /** Whether everything received has been gone through. */
  get isAllTaken(): boolean {
    return this.#inflow.isEmpty && !this.#isInflating();
  }

  /** Drops what is there of messages and all that will come. */
  stop(): void {
    this.#takesMessages = false;
    this.#compressed?.close();
    this.#reader.drop();
    this.#reader.end();
  }

  /** Ignores every byte from now on, and reads them: a socket closed with bytes unread would take back our close frame (RST). */
  ignoreRest(): void {
    this.#receiver.end();
    this.#inflow.pump();
  }

  /** The socket is gone: what is left to be read, maybe by nobody, counts no longer against the budget, nor as memory to be used again. */
  uncount(): void {
    this.#compressed?.uncount();
    if (this.#inflow.isAtRest) this.#giveBack();
    else this.#memory?.abandon();
  }

  /** Everything has been read: frees what inflated it. */
  release(): void {
    this.#compressed?.close();
  }

  // ReceiverSink: what the peer has sent.

  text(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    if (!this.#takesMessages) return true;
    this.#noteMessage();
    if (end - start > MAX_TEXT_BYTES) {
      this.fault("message-too-big");
      return true;
    }
    const message = decodeText(bytes, start, end, isAscii);
    if (this.#reader.hasHandler) return this.#handOver(message, bytes, start, end);
    this.#giveBack();
    return this.#reader.deliver(message);
  }

  binary(bytes: Uint8Array, start: number, end: number, isOwned: boolean): boolean {
    if (!this.#takesMessages) return true;
    this.#noteMessage();
    if (!isOwned && this.#reader.borrows) return this.#handOver(borrowBytes(bytes, start, end), bytes, start, end);
    const isTheirs = isOwned && (this.#memory === undefined || this.#reader.borrows);
    const goOn = this.#reader.deliver(isTheirs ? bytes : copyBytes(bytes, start, end));
    this.#giveBack();
    return goOn;
  }

  /** Gives a handler a message that can be sent on as `bytes[start, end)` until it returns. */
  #handOver(message: Message, bytes: Uint8Array, start: number, end: number): boolean {
    inHand.take(message, bytes, start, end);
    try {
      return this.#reader.deliver(message);
    } finally {
      inHand.drop();
      this.#giveBack();
    }
  }

  begin(isText: boolean, isCompressed: boolean): void {
    this.#isCompressed = isCompressed;
    if (!this.#takesMessages) return;
    if (isCompressed) this.#compressed?.begin(isText);
    else this.#reader.begin(isText);
  }

  piece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    if (!this.#takesMessages) return true;
    if (isLast) this.#noteMessage();
    if (this.#isCompressed) return this.#compressed?.take(bytes, start, end, isLast) ?? true;
    return this.#reader.deliverPiece(bytes, start, end, isLast);
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    this.#owner.ping(bytes, start, end);
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    this.#owner.pong(bytes, start, end);
  }

  close(payload: ClosePayload): void {
    this.#owner.close(payload);
  }

  fault(code: FaultCode): void {
    this.#owner.fault(code);
  }

  // InflatedSink: the rest of what becomes of compressed messages.

  beginInflated(isText: boolean): void {
    this.#reader.begin(isText);
  }

  inflatedPiece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    return !this.#takesMessages || this.#reader.deliverPiece(bytes, start, end, isLast);
  }

  mayGather(bytes: number): boolean {
    return !this.#reader.isIdle || bytes <= READ_AHEAD_BYTES;
  }

  // InflowOwner, and what the reader asks for: what is received meets who takes it.

  /**
   * Once messages are dropped nobody can hold up what is left to receive. Until somebody reads, not more is gathered of a message
   * than a few reads: it may be meant for `receiveStream`.
   */
  get isBlocked(): boolean {
    return this.#takesMessages && (this.#rate?.isSpent === true || this.#isInflating() || this.#isReaderBlocked());
  }

  #isInflating(): boolean {
    return this.#compressed?.isBusy === true;
  }

  #isReaderBlocked(): boolean {
    if (this.#reader.isBlocked) return true;
    return (
      this.#reader.isIdle && !this.mayGather(this.#receiver.gatheredBytes + (this.#compressed?.gatheredBytes ?? 0))
    );
  }

  get givesPieces(): boolean {
    return this.#receiver.givesPieces;
  }

  set givesPieces(givesPieces: boolean) {
    this.#receiver.givesPieces = givesPieces;
    if (this.#receiver.gatheredBytes === 0) this.#giveBack(); // a socket that still reads into it holds it, too
    // A message that is under way begins within that, and its reader has then turned both off again.
    if (this.#compressed !== undefined) this.#compressed.givesPieces = this.#receiver.givesPieces;
  }

  get hasEnded(): boolean {
    return !this.#takesMessages || (this.#owner.isClosed && this.isAllTaken);
  }

  pauseReading(): void {
    this.#owner.pauseReading();
  }

  resumeReading(): void {
    this.#owner.resumeReading();
  }

  onPumped(): void {
    this.watch(0);
    this.#owner.onPumped();
  }
}
