import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

import { type Deferred, defer } from "../internal/deferred.js";
import {
  answerClose,
  answerTo,
  buildClosePayload,
  closeByPeer,
  closeByUs,
  CloseCode,
  type ClosePayload,
  type CloseState,
  cutTransport,
  failByUs,
  type FaultCode,
  faults,
  OPEN,
  Receiver,
  type ReceiverSink,
  withoutHandshake,
} from "../protocol/index.js";
import type { CloseInfo } from "./close-info.js";
import { ClosingDeadline, type ClosingOwner } from "./closing-deadline.js";
import { type CompressedInbound, type InflatedSink, openCompressed } from "./compressed-inbound.js";
import { ConnectionError } from "./connection-error.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { closeTimeout, handlerFailed, lost, messageCut, notOpen } from "./end-errors.js";
import { Guard, type GuardOwner } from "./guard.js";
import { Inflow, type InflowOwner } from "./inflow.js";
import type { Message } from "./message.js";
import { Outbox, type OutboxOwner, type OutboxSetup } from "./outbox.js";
import { Pings } from "./pings.js";
import type { ReadBuffer } from "./read-buffer.js";
import { Reader, type ReaderOwner } from "./reader.js";
import { copyBytes, decodeText, MAX_TEXT_BYTES } from "./received-message.js";
import { processTimers, type TimerWheel } from "./timer-wheel.js";

/** Bytes of one message that are gathered while nobody reads. */
const READ_AHEAD_BYTES = 256 * 1024;

/** What a link tells the connection that it carries. */
export interface LinkEvents {
  message(message: Message): unknown;
  drained(): void;
  /** Something went wrong; if it is the end, `closed` follows. */
  failed(error: ConnectionError): void;
  /** The socket is closed and every message received has been delivered to the handler. */
  finished(info: CloseInfo): void;
}

/** What a link runs on. One that has mask keys is a client's. */
export interface LinkSetup extends OutboxSetup {
  readonly readBuffer: ReadBuffer;
  /** Milliseconds on a clock that only goes forward. */
  readonly nowMs: () => number;
  /** What keeps its deadlines; by default the wheel that all connections of the process share. */
  readonly timers?: TimerWheel | undefined;
}

/** Runs the protocol over one socket: what is received, what is sent, and the life cycle from open to closed. */
export class Link
  implements ReceiverSink, InflatedSink, InflowOwner, OutboxOwner, ReaderOwner, GuardOwner, ClosingOwner
{
  readonly #socket: Duplex;
  readonly #options: ResolvedConnectionOptions;
  readonly #events: LinkEvents;
  readonly #receiver: Receiver;
  readonly #inflow: Inflow;
  /** There where compression was agreed on. */
  readonly #compressed: CompressedInbound | undefined;
  /** Whether the message whose pieces come is a compressed one. */
  #isCompressed = false;
  readonly #guard: Guard;
  readonly #closing: ClosingDeadline;
  readonly reader: Reader;
  readonly outbox: Outbox;
  readonly pings: Pings;
  readonly timers: TimerWheel;

  #state: CloseState = OPEN;
  /** Whether messages still go to the reader. They do not once either side has begun to close. */
  #takesMessages = true;
  /** The peer has ended its side of the socket; what it sent before may still be waiting in the inflow. */
  #hasInputEnded = false;
  #error: ConnectionError | undefined;
  /** Set when the socket is closed. */
  #info: CloseInfo | undefined;
  #isFinished = false;
  readonly #closed: Deferred<CloseInfo> = defer();

  constructor(setup: LinkSetup, events: LinkEvents) {
    const { socket, options, nowMs, timers = processTimers } = setup;
    const role = setup.maskKeys === undefined ? "server" : "client";
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    this.timers = timers;
    this.#guard = new Guard({ socket, options, nowMs, timers }, this);
    const { limits, messageTypes } = options;
    this.#compressed = openCompressed(setup, this);
    this.#receiver = new Receiver(this.#guard.around(this), {
      role,
      limits,
      messageTypes,
      takesCompressed: this.#compressed !== undefined,
    });
    this.#inflow = new Inflow(this.#receiver, this);
    this.reader = new Reader(this);
    this.outbox = new Outbox(setup, this, this.#guard);
    this.pings = new Pings(nowMs);
    this.#closing = new ClosingDeadline(timers, options.closeTimeoutMs, this);
    socket.on("error", (cause: Error) => this.#onSocketError(cause));
    socket.on("end", () => this.#onInputEnd());
    socket.on("close", () => this.#onSocketClosed());
  }

  /** Begins to read: first `head`, what came together with the handshake. */
  start(readBuffer: ReadBuffer, head: Buffer): void {
    if (head.length > 0) this.#onBytes(head, head.length);
    readBuffer.attach(this.#socket, (chunk, length) => this.#onBytes(chunk, length));
    if (this.#socket.destroyed) this.#onSocketClosed();
    // Its `end` may have come before anybody listened.
    else if (this.#socket.readableEnded) this.#onInputEnd();
    else if (!this.#inflow.isPaused) this.#socket.resume();
  }

  /** `"open"` until either side begins to close, `"closed"` once the socket is gone. */
  get state(): "open" | "closing" | "closed" {
    if (this.#info !== undefined) return "closed";
    return this.#state.kind === "open" ? "open" : "closing";
  }

  get closed(): Promise<CloseInfo> {
    return this.#closed.promise;
  }

  /** The error of what can no longer be sent. */
  notOpen(): ConnectionError {
    return notOpen(this.#state, this.#error);
  }

  /** Starts the closing handshake; `payload` is what `buildClosePayload` made of `code` and `reason`. */
  beginClose(code: number, reason: string, payload: Uint8Array): void {
    if (this.#state.kind !== "open") return;
    this.#state = closeByUs(this.#state, { code, reason });
    this.#stopMessages();
    this.#closing.start();
    this.outbox.close(payload, noop);
    this.#inflow.pump();
  }

  /** Destroys the socket at once. */
  terminate(): void {
    this.#state = cutTransport(this.#state, "us");
    this.#stopMessages();
    this.#socket.destroy();
  }

  /**
   * A handler threw or rejected. The peer learns 1011 and nothing else. That a `send` found the connection gone is how a
   * handler learns of it, and no failure of the handler's.
   */
  onHandlerFailure(cause: unknown): void {
    if (this.#state.kind !== "open" && cause instanceof ConnectionError && cause.code === "not-open") return;
    const error = handlerFailed(cause);
    if (this.#state.kind === "open") this.endFor(CloseCode.internalError, "", error);
    else this.#events.failed(error);
  }

  // ReceiverSink: what the peer has sent.

  text(bytes: Uint8Array, start: number, end: number, isAscii: boolean): boolean {
    if (!this.#takesMessages) return true;
    this.#guard.liveness.onMessage();
    if (end - start > MAX_TEXT_BYTES) {
      this.fault("message-too-big");
      return true;
    }
    return this.reader.deliver(decodeText(bytes, start, end, isAscii));
  }

  binary(bytes: Uint8Array, start: number, end: number, isOwned: boolean): boolean {
    if (!this.#takesMessages) return true;
    this.#guard.liveness.onMessage();
    return this.reader.deliver(isOwned ? bytes : copyBytes(bytes, start, end));
  }

  begin(isText: boolean, isCompressed: boolean): void {
    this.#isCompressed = isCompressed;
    if (!this.#takesMessages) return;
    if (isCompressed) this.#compressed?.begin(isText);
    else this.reader.begin(isText);
  }

  piece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    if (!this.#takesMessages) return true;
    if (isLast) this.#guard.liveness.onMessage();
    if (this.#isCompressed) return this.#compressed?.take(bytes, start, end, isLast) ?? true;
    return this.reader.deliverPiece(bytes, start, end, isLast);
  }

  // InflatedSink: the rest of what becomes of compressed messages.

  beginInflated(isText: boolean): void {
    this.reader.begin(isText);
  }

  inflatedPiece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    return !this.#takesMessages || this.reader.deliverPiece(bytes, start, end, isLast);
  }

  mayGather(bytes: number): boolean {
    return !this.reader.isIdle || bytes <= READ_AHEAD_BYTES;
  }

  ping(bytes: Uint8Array, start: number, end: number): void {
    // RFC 6455 §5.5.2: a ping MUST be answered with a pong, unless a close frame was already received.
    this.outbox.pong(bytes, start, end);
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    this.pings.answered(bytes, start, end);
  }

  close(payload: ClosePayload): void {
    this.#state = closeByPeer(this.#state, payload);
    this.#stopMessages();
    this.#closing.start();
    if (this.#state.kind === "closed") {
      // Our own close frame may still stand in line, behind messages that were sent before it.
      this.outbox.afterLine(() => this.#endSocket());
      return;
    }
    // RFC 6455 §5.5.1: an endpoint that did not send a close frame before MUST send one in response.
    const answer = answerTo(payload);
    this.outbox.close(buildClosePayload(answer.code, answer.reason), () => {
      this.#state = answerClose(this.#state);
      this.#endSocket();
    });
  }

  fault(code: FaultCode): void {
    this.endFor(faults[code].closeCode, code, ConnectionError.ofFault(code));
  }

  // InflowOwner and ReaderOwner: what is received meets who takes it.

  /**
   * Once messages are dropped nobody can hold up what is left to receive. Until somebody reads, not more is gathered of a message
   * than a few reads: it may be meant for `receiveStream`.
   */
  get isBlocked(): boolean {
    return this.#takesMessages && (this.#guard.holdsBack || this.#isInflating || this.#isReaderBlocked);
  }

  get #isInflating(): boolean {
    return this.#compressed?.isBusy === true;
  }

  get #isReaderBlocked(): boolean {
    const gatheredBytes = this.#receiver.gatheredBytes + (this.#compressed?.gatheredBytes ?? 0);
    return this.reader.isBlocked || !this.mayGather(gatheredBytes);
  }

  get givesPieces(): boolean {
    return this.#receiver.givesPieces;
  }

  set givesPieces(givesPieces: boolean) {
    this.#receiver.givesPieces = givesPieces;
    if (this.#compressed !== undefined) this.#compressed.givesPieces = givesPieces;
  }

  messageCut(): ConnectionError {
    return messageCut(this.#error);
  }

  get hasEnded(): boolean {
    return !this.#takesMessages || (this.#state.kind === "closed" && this.#isAllTaken);
  }

  /** Whether everything received has been gone through. */
  get #isAllTaken(): boolean {
    return this.#inflow.isEmpty && !this.#isInflating;
  }

  handleMessage(message: Message): unknown {
    return this.#events.message(message);
  }

  pump(): void {
    if (!this.#isReaderBlocked) this.#compressed?.resume();
    this.#inflow.pump();
  }

  pumpSoon(): void {
    this.#inflow.pumpSoon();
  }

  onPumped(): void {
    this.#watch(0);
    if (!this.#isAllTaken) return;
    if (this.#hasInputEnded) this.#concludeInput();
    if (this.#info === undefined) return;
    this.#compressed?.close();
    this.#finish(this.#info);
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  // OutboxOwner

  onDrained(): void {
    this.#events.drained();
  }

  onUnreadable(cause: unknown): void {
    this.onHandlerFailure(cause);
  }

  // GuardOwner and ClosingOwner: what has not come in time, or too fast.

  get isBusy(): boolean {
    return this.reader.isBlocked || this.#isInflating;
  }

  probe(): void {
    this.outbox.ping(this.pings.probe());
  }

  /** RFC 6455 §7.1.7. */
  endFor(closeCode: CloseCode, reason: string, error: ConnectionError): void {
    if (this.#state.kind === "closed") return;
    this.#error ??= error; // for who still waits for a message, or for room
    const isCloseOwed = this.#state.kind === "open";
    this.#state = failByUs(this.#state, { code: closeCode, reason });
    this.#stopMessages();
    if (isCloseOwed) this.outbox.fail(buildClosePayload(closeCode, reason));
    this.#endSocket();
    this.#blame(error);
  }

  cutFor(closeCode: CloseCode, error: ConnectionError): void {
    if (this.#state.kind === "closed") return;
    this.#error ??= error;
    this.#state = failByUs(this.#state, { code: closeCode, reason: "" });
    this.#stopMessages();
    this.#socket.destroy();
    this.#blame(error);
  }

  onCloseTimeout(): void {
    this.#socket.destroy();
    // A peer that has ended its side is lost, which shows when the socket closes.
    if (this.#hasInputEnded || (this.#state.kind === "closed" && !this.outbox.hasUnsent)) return;
    this.#state = cutTransport(this.#state, "us");
    this.#blame(closeTimeout(this.#options));
  }

  // The life cycle.

  #onBytes(chunk: Buffer, length: number): void {
    this.outbox.cork();
    this.#guard.onRead();
    try {
      this.#inflow.read(chunk, length);
    } catch (cause) {
      this.onHandlerFailure(cause);
    } finally {
      this.#watch(length);
      this.outbox.uncork();
    }
  }

  /** Tells the guard how far receiving has come; `length` bytes were read. */
  #watch(length: number): void {
    this.#guard.onReceived(length, this.#receiver.isMessageUnderWay, this.#inflow.isBehind);
  }

  #onSocketError(cause: Error): void {
    if (this.#state.kind !== "closed") this.#blame(lost(cause));
  }

  /** Keeps `error` as the reason of the end, if it is the first, and tells of it. */
  #blame(error: ConnectionError): void {
    if ((this.#error ??= error) === error) this.#events.failed(error);
  }

  #stopMessages(): void {
    this.#takesMessages = false;
    this.#guard.stop();
    this.#compressed?.close();
    this.reader.drop();
    this.reader.end();
  }

  /** Both close frames are out, or none is needed any more: ends our side of the socket and waits for the peer's. */
  #endSocket(): void {
    this.#receiver.end();
    this.outbox.end(notOpen(this.#state, this.#error));
    // What still comes is read and ignored: a socket closed with bytes unread would take back our close frame (RST).
    this.#inflow.pump();
    this.#closing.start();
  }

  /** The peer has ended its side of the socket. What it sent before is gone through first. */
  #onInputEnd(): void {
    this.#hasInputEnded = true;
    if (this.#isAllTaken) this.#concludeInput();
    else this.#closing.start();
  }

  #concludeInput(): void {
    if (this.#state.kind === "closed") return;
    this.#state = cutTransport(this.#state, "peer");
    this.#guard.stop();
    this.reader.end();
    this.#endSocket();
    this.#blame(lost());
  }

  #onSocketClosed(): void {
    if (this.#info !== undefined) return;
    this.#guard.stop();
    this.#closing.stop();
    const wasCut = this.#state.kind !== "closed";
    const cut = cutTransport(this.#state, "peer");
    // Our close frame is not out when something ahead of it is not.
    const closed = this.outbox.hasUnsent ? withoutHandshake(cut) : cut;
    this.#state = closed;
    if (wasCut) this.#blame(lost());
    this.#info = { ...closed.summary, error: this.#error };
    const ended = notOpen(closed, this.#error);
    this.outbox.end(ended);
    this.outbox.discard();
    this.#compressed?.uncount();
    this.pings.fail(ended);
    this.#closed.resolve(this.#info);
    this.#inflow.pump();
  }

  /** The socket is closed and every message is through: tells who waits, and the handler, once there is one. */
  #finish(info: CloseInfo): void {
    if (this.#isFinished || this.reader.isBlocked) return;
    this.reader.end();
    if (!this.reader.hasHandler) return;
    this.#isFinished = true;
    this.#events.finished(info);
  }
}

function noop(): void {}
