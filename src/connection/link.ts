import type { Buffer } from "node:buffer";

import { type Deferred, defer } from "../internal/deferred.js";
import type { RosterPlace } from "../internal/roster.js";
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
  type Role,
  withoutHandshake,
} from "../protocol/index.js";
import { type CloseInfo, closeInfoOf } from "./close-info.js";
import { ClosingDeadline, type ClosingOwner } from "./closing-deadline.js";
import { ConnectionError } from "./connection-error.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { closeTimeout, handlerFailed, lost, messageCut, notOpen } from "./end-errors.js";
import { Guard, type GuardOwner } from "./guard.js";
import { Inbound, type InboundOwner } from "./inbound.js";
import type { Message } from "./message.js";
import type { Observation } from "./observation.js";
import { Outbox, type OutboxOwner, type OutboxSetup } from "./outbox.js";
import { Pings } from "./pings.js";
import type { ReadBuffer } from "./read-buffer.js";
import { Reader, type ReaderOwner } from "./reader.js";
import type { Room } from "./reused-memory.js";
import { destroySocket } from "./socket-end.js";
import { disownSocket, ownSocket } from "./owned-socket.js";
import type { SocketOwner } from "./socket-owner.js";
import { processTimers, type TimerWheel } from "./timer-wheel.js";
import type { SpareHalves } from "./spare-halves.js";
import type { Transport } from "./transport.js";

/** What a link tells the connection that it carries. */
export interface LinkEvents {
  message(message: Message): unknown;
  drained(): void;
  /** Something went wrong; if it is the end, `closed` follows. */
  failed(error: ConnectionError): void;
  /** The socket is closed; messages may still wait to be read. */
  gone(info: CloseInfo): void;
  /** The socket is closed and every message received has been delivered to the handler. */
  finished(info: CloseInfo): void;
}

/**
 * Where a connection belongs.
 *
 * @internal
 */
export interface LinkHome {
  /** Its socket is gone. */
  onClosed(link: Link): void;
}

/** What a link runs on. One that has mask keys is a client's. */
export interface LinkSetup extends OutboxSetup {
  /** What the socket is read into. */
  readonly readBuffer: ReadBuffer;
  /** Milliseconds on a clock that only goes forward. */
  readonly nowMs: () => number;
  /** Who is told once, when the socket is gone. */
  readonly home?: LinkHome | undefined;
  /** What the home counts it by. Default `""`. */
  readonly source?: string | undefined;
  /** Halves for it while it needs some; undefined where it has its own. */
  readonly spares?: SpareHalves | undefined;
  /** What keeps its deadlines; by default the wheel that all connections of the process share. */
  readonly timers?: TimerWheel | undefined;
}

/**
 * Runs the protocol over one socket: what is received, what is sent, and between them the life cycle from open to closed.
 *
 * @internal
 */
export class Link implements InboundOwner, ReaderOwner, OutboxOwner, GuardOwner, ClosingOwner, SocketOwner {
  readonly #role: Role;
  readonly #socket: Transport;
  readonly #options: ResolvedConnectionOptions;
  readonly #events: LinkEvents;
  /** Those that it has left while it is at rest. */
  readonly #spares: SpareHalves | undefined;
  #inbound: Inbound | undefined;
  #outbox: Outbox | undefined;
  readonly #guard: Guard;
  /** There once the end has begun. */
  #closing: ClosingDeadline | undefined;
  readonly pings: Pings;
  /** Who takes the messages. */
  readonly reader: Reader = new Reader(this);
  readonly timers: TimerWheel;

  #state: CloseState = OPEN;
  /** The peer has ended its side of the socket; what it sent before may still wait to be read. */
  #hasInputEnded = false;
  /** Whether it may have nothing to do, and has not been asked since. */
  #mayRest = true;
  #error: ConnectionError | undefined;
  /** What the peer's close frame said, once one has come. */
  receivedClose: ClosePayload | undefined;
  /** Where the server of the connection lists it. */
  place: RosterPlace<unknown> | undefined;
  /** What limits of that server count it by; `""` where they do not ask. */
  readonly source: string;
  /** Set when the socket is closed. */
  #info: CloseInfo | undefined;
  #isFinished = false;
  readonly #home: LinkHome | undefined;
  /** Made when somebody asks for it. */
  #closed: Deferred<CloseInfo> | undefined;

  constructor(setup: LinkSetup, events: LinkEvents) {
    const { socket, options, nowMs, timers = processTimers } = setup;
    this.#role = setup.maskKeys === undefined ? "server" : "client";
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    this.#home = setup.home;
    this.source = setup.source ?? "";
    this.timers = timers;
    this.#guard = new Guard({ socket, options, nowMs, timers }, this);
    this.#spares = setup.spares;
    this.#inbound =
      this.#spares?.inbound(socket, this, this.reader, this.#guard) ??
      new Inbound(setup, this.#role, this.#guard, this.reader, this);
    this.#outbox = this.#spares?.outbox(socket, this, this.#guard) ?? new Outbox(setup, this, this.#guard);
    this.pings = new Pings(nowMs);
    ownSocket(socket, this);
  }

  /** Who observes the connection. */
  get observation(): Observation | undefined {
    return this.#outbox?.observation;
  }

  /** The receiving half. */
  get inbound(): Inbound {
    return (this.#inbound ??= (this.#spares as SpareHalves).inbound(this.#socket, this, this.reader, this.#guard));
  }

  /** The sending half. */
  get outbox(): Outbox {
    return (this.#outbox ??= (this.#spares as SpareHalves).outbox(this.#socket, this, this.#guard));
  }

  /**
   * Leaves the halves to others, where there is nothing for them to do now: once somebody waits for messages, and then with every pong. To
   * leave them after each message would cost an echo 4 % (echo-64B-1).
   */
  #rest(): void {
    const spares = this.#spares;
    if (spares === undefined || this.#state.kind !== "open" || this.#hasInputEnded) return;
    const inbound = this.#inbound;
    const outbox = this.#outbox;
    if (!this.reader.isAtRest || inbound?.isAtRest === false || outbox?.isAtRest === false) return;
    this.#mayRest = false;
    this.#inbound = undefined;
    this.#outbox = undefined;
    spares.takeBack(inbound, outbox);
  }

  /** Begins to read: first `head`, what came together with the handshake. */
  start(readBuffer: ReadBuffer, head: Buffer): void {
    if (head.length > 0) this.onBytes(head, head.length);
    readBuffer.attach(this.#socket);
    if (this.#socket.destroyed) this.onSocketClosed();
    // Its `end` may have come before anybody listened.
    else if (this.#socket.readableEnded) this.onInputEnd();
    else if (!this.inbound.isPaused) this.#socket.resume();
  }

  /** `"open"` until either side begins to close, `"closed"` once the socket is gone. */
  get state(): "open" | "closing" | "closed" {
    if (this.#info !== undefined) return "closed";
    return this.#state.kind === "open" ? "open" : "closing";
  }

  get closed(): Promise<CloseInfo> {
    if (this.#closed === undefined) {
      this.#closed = defer();
      if (this.#info !== undefined) this.#closed.resolve(this.#info);
    }
    return this.#closed.promise;
  }

  get role(): Role {
    return this.#role;
  }

  get options(): ResolvedConnectionOptions {
    return this.#options;
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
    this.#startClosing();
    this.outbox.close(payload, noop);
    this.inbound.pump();
  }

  /** Destroys the socket at once. */
  terminate(): void {
    this.#state = cutTransport(this.#state, "us");
    this.#stopMessages();
    destroySocket(this.#socket);
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

  // InboundOwner: what the peer has sent.

  ping(bytes: Uint8Array, start: number, end: number): void {
    // RFC 6455 §5.5.2: a ping MUST be answered with a pong, unless a close frame was already received.
    this.outbox.pong(bytes, start, end);
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    const { observation } = this;
    const areUnderWay = this.pings.areUnderWay;
    this.pings.answered(bytes, start, end);
    this.#mayRest = true;
    if (observation === undefined || !areUnderWay || this.pings.roundTripMs === undefined) return;
    const { roundTripMs } = this.pings;
    observation.tell((observer) => observer.roundTrip?.(observation.connection, roundTripMs));
  }

  close(payload: ClosePayload): void {
    this.receivedClose ??= payload;
    this.#state = closeByPeer(this.#state, payload);
    this.#stopMessages();
    this.#startClosing();
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

  // ReaderOwner; `pump` is what a guard asks for, too.

  pump(): void {
    if (this.#inbound === undefined) this.#guard.onReceived(0, false, false);
    else this.#inbound.pump();
    if (this.#mayRest) this.#rest();
  }

  pumpSoon(): void {
    this.#inbound?.pumpSoon();
  }

  get hasEnded(): boolean {
    return this.#inbound?.hasEnded === true;
  }

  get givesPieces(): boolean {
    return this.#inbound?.givesPieces === true;
  }

  set givesPieces(givesPieces: boolean) {
    this.inbound.givesPieces = givesPieces;
  }

  handleMessage(message: Message): unknown {
    return this.#events.message(message);
  }

  messageCut(): ConnectionError {
    return messageCut(this.#error);
  }

  get isClosed(): boolean {
    return this.#state.kind === "closed";
  }

  onPumped(): void {
    if (!this.inbound.isAllTaken) return;
    if (this.#hasInputEnded) this.#concludeInput();
    if (this.#info === undefined) return;
    this.inbound.release();
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
    return this.reader.isBlocked || this.#inbound?.isBusy === true;
  }

  get bufferedBytes(): number {
    return this.#outbox?.bufferedBytes ?? 0;
  }

  get needsDrain(): boolean {
    return this.#outbox?.needsDrain === true;
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
    destroySocket(this.#socket);
    this.#blame(error);
  }

  onCloseTimeout(): void {
    destroySocket(this.#socket);
    // A peer that has ended its side is lost, which shows when the socket closes.
    if (this.#hasInputEnded || (this.#state.kind === "closed" && !this.outbox.hasUnsent)) return;
    this.#state = cutTransport(this.#state, "us");
    this.#blame(closeTimeout(this.#options));
  }

  // SocketOwner, and the life cycle.

  onBytes(chunk: Buffer, length: number): void {
    this.outbox.cork();
    try {
      this.inbound.read(chunk, length);
    } catch (cause) {
      this.onHandlerFailure(cause);
    } finally {
      this.inbound.watch(length);
      this.outbox.uncork();
      if (this.#mayRest) this.#rest();
    }
  }

  get room(): Room | undefined {
    return this.#inbound?.room;
  }

  onSocketError(cause: Error): void {
    if (this.#state.kind !== "closed") this.#blame(lost(cause));
  }

  /** Keeps `error` as the reason of the end, if it is the first, and tells of it. */
  #blame(error: ConnectionError): void {
    if ((this.#error ??= error) === error) this.#events.failed(error);
  }

  /** Starts the time that the peer has for the end, unless it runs or has run out. */
  #startClosing(): void {
    if (this.#info !== undefined) return;
    this.#closing ??= new ClosingDeadline(this.timers, this.#options.closeTimeoutMs, this);
  }

  #stopMessages(): void {
    this.#guard.stop();
    this.inbound.stop();
  }

  /** Both close frames are out, or none is needed any more: ends our side of the socket and waits for the peer's. */
  #endSocket(): void {
    this.outbox.end();
    if (!this.#isLeftToPeer()) this.outbox.endSocket();
    this.inbound.ignoreRest();
    this.#startClosing();
  }

  /**
   * RFC 6455 §7.1.1: after the closing handshake the server is the one to close the TCP connection first, and then the one that
   * keeps its port for a while (TIME_WAIT); a client waits for it.
   */
  #isLeftToPeer(): boolean {
    const state = this.#state;
    return this.#role === "client" && state.kind === "closed" && state.summary.clean && !this.#hasInputEnded;
  }

  /** What the peer sent before is gone through first. */
  onInputEnd(): void {
    this.#hasInputEnded = true;
    if (this.inbound.isAllTaken) this.#concludeInput();
    else this.#startClosing();
  }

  #concludeInput(): void {
    if (this.#state.kind === "closed") {
      this.outbox.endSocket();
      return;
    }
    this.#state = cutTransport(this.#state, "peer");
    this.#guard.stop();
    this.reader.end();
    this.#endSocket();
    this.#blame(lost());
  }

  onSocketClosed(): void {
    if (this.#info !== undefined) return;
    disownSocket(this.#socket);
    this.#guard.stop();
    this.#closing?.stop();
    const wasCut = this.#state.kind !== "closed";
    const cut = cutTransport(this.#state, "peer");
    // Our close frame is not out when something ahead of it is not.
    const closed = this.outbox.hasUnsent ? withoutHandshake(cut) : cut;
    this.#state = closed;
    if (wasCut) this.#blame(lost());
    this.#info = closeInfoOf(closed.summary, this.#error);
    this.outbox.end();
    this.outbox.discard();
    this.inbound.uncount();
    if (this.pings.areUnderWay) this.pings.fail(this.notOpen());
    this.#closed?.resolve(this.#info);
    this.#home?.onClosed(this);
    this.#events.gone(this.#info);
    this.inbound.pump();
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
