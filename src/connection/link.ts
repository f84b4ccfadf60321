import type { Buffer } from "node:buffer";

import { type Deferred, defer, handled } from "../internal/deferred.js";
import { RosterMember } from "../internal/roster.js";
import { type CloseCode, type ClosePayload, type FaultCode, faults, type Role } from "../protocol/index.js";
import type { CloseInfo } from "./close-info.js";
import { ConnectionError } from "./connection-error.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { Ending, type EndingConnection, type EndingEvents } from "./ending.js";
import { Guard, type GuardOwner } from "./guard.js";
import { Inbound, type InboundOwner, type InboundSetup } from "./inbound.js";
import type { Message } from "./message.js";
import type { Observation } from "./observation.js";
import { Outbox, type OutboxOwner } from "./outbox.js";
import { disownSocket, ownSocket } from "./owned-socket.js";
import { PendingPings, pingPayload } from "./pings.js";
import type { ReadBuffer } from "./read-buffer.js";
import { Reader, type ReaderOwner } from "./reader.js";
import type { Room } from "./reused-memory.js";
import type { SocketOwner } from "./socket-owner.js";
import type { SpareHalves } from "./spare-halves.js";
import { processTimers, type TimerWheel } from "./timer-wheel.js";
import type { Transport } from "./transport.js";

/** What a link tells the connection that it carries. */
export interface LinkEvents extends EndingEvents {
  /** That connection. */
  readonly connection: object;
  message(message: Message): unknown;
  drained(): void;
  /** The socket is closed; messages may still wait to be read. */
  gone(info: CloseInfo): void;
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
export interface LinkSetup extends InboundSetup {
  /** What it runs over. */
  readonly socket: Transport;
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
 * Runs the protocol over one socket: holds together what is received, what is sent, who takes it, and how it ends (`Ending`).
 *
 * @internal
 */
export class Link
  extends RosterMember
  implements InboundOwner, ReaderOwner, OutboxOwner, GuardOwner, SocketOwner, EndingConnection
{
  // What every message needs, side by side.
  #inbound: Inbound | undefined;
  #outbox: Outbox | undefined;
  /** There once the end has begun, or somebody has asked for it. */
  #ending: Ending | undefined;
  /** Whether it may have nothing to do, and has not been asked since. */
  #mayRest = true;
  isHeard = true;
  messageMs = 0;
  readonly timers: TimerWheel;
  /** Those that it has left while it is at rest. */
  readonly #spares: SpareHalves | undefined;
  /** Who takes the messages. */
  readonly reader: Reader = new Reader(this);
  readonly events: LinkEvents;
  readonly socket: Transport;

  readonly role: Role;
  readonly options: ResolvedConnectionOptions;
  readonly guard: Guard;
  /** What limits of the connection's server count it by; `""` where they do not ask. */
  readonly source: string;
  /** The latest that was measured, in milliseconds; undefined before the first pong. */
  roundTripMs: number | undefined;
  /** There while one waits for its pong. */
  #pings: PendingPings | undefined;
  #pingCount = 0;
  readonly #home: LinkHome | undefined;
  /** Who else is told then. */
  #onGone: (() => void) | undefined;

  constructor(setup: LinkSetup, events: LinkEvents) {
    super();
    const { socket, options, timers = processTimers } = setup;
    this.role = setup.maskKeys === undefined ? "server" : "client";
    this.socket = socket;
    this.options = options;
    this.events = events;
    this.timers = timers;
    this.source = setup.source ?? "";
    this.#home = setup.home;
    this.guard = new Guard(options, timers, this);
    this.#spares = setup.spares;
    this.#spares?.enter();
    this.#inbound =
      this.#spares?.inbound(this, this.reader, this.guard) ??
      new Inbound(setup, this.role, this.guard, this.reader, this);
    this.#outbox = this.#spares?.outbox(socket, this, this.guard) ?? new Outbox(socket, setup, this, this.guard);
    ownSocket(socket, this);
  }

  /** Who observes the connection. */
  get observation(): Observation | undefined {
    return this.#outbox?.observation;
  }

  /** The receiving half. */
  get inbound(): Inbound {
    return (this.#inbound ??= (this.#spares as SpareHalves).inbound(this, this.reader, this.guard));
  }

  /** The sending half. */
  get outbox(): Outbox {
    return (this.#outbox ??= (this.#spares as SpareHalves).outbox(this.socket, this, this.guard));
  }

  /** How it ends; `"open"` still where nothing has begun to. */
  get ending(): Ending {
    return (this.#ending ??= new Ending(this));
  }

  /**
   * Leaves the halves to others, where there is nothing for them to do now: once somebody waits for messages, and then with every pong. To
   * leave them after each message costs an echo 3 % (echo-64B-1), unless there are many connections, whose halves are cold: then it saves a
   * fifth (echo-64B-1-10000c).
   */
  #rest(): void {
    const spares = this.#spares;
    if (spares === undefined) return;
    const inbound = this.#inbound;
    const outbox = this.#outbox;
    if (!this.reader.isAtRest || inbound?.isAtRest === false || outbox?.isAtRest === false) return;
    if (this.#ending?.hasBegun === true) return;
    this.#mayRest = false;
    this.#inbound = undefined;
    this.#outbox = undefined;
    spares.takeBack(inbound, outbox);
  }

  /** Begins to read: first `head`, what came together with the handshake. */
  start(readBuffer: ReadBuffer, head: Buffer): void {
    if (head.length > 0) this.onBytes(head, head.length);
    readBuffer.attach(this.socket);
    if (this.socket.destroyed) this.onSocketClosed();
    // Its `end` may have come before anybody listened.
    else if (this.socket.readableEnded) this.onInputEnd();
    else this.socket.resume();
  }

  /**
   * Has `callback` called when the socket is gone. `ending.closed` tells of that as well, but takes 1.3 KiB with the `Ending` that it makes,
   * which is then looked at for all that is sent: 3 % of a broadcast (broadcast-500-16).
   */
  whenGone(callback: () => void): void {
    const before = this.#onGone;
    this.#onGone = callback;
    if (before === undefined) return;
    this.#onGone = () => {
      before();
      callback();
    };
  }

  /**
   * Sends a ping with `payload`, by default a number that tells it from the others; the promise resolves with the milliseconds until it is
   * answered.
   *
   * @throws RangeError for more than 125 bytes.
   */
  sendPing(payload?: string | Uint8Array): Promise<number> {
    const answered = defer<number>();
    this.#sendPing(payload ?? this.#nextPing(), answered);
    return handled(answered.promise);
  }

  #sendPing(given: string | Uint8Array, answered: Deferred<number> | undefined): void {
    const payload = pingPayload(given);
    if (this.state !== "open") {
      answered?.reject(this.notOpen());
      return;
    }
    (this.#pings ??= new PendingPings()).add({ payload, sentAtMs: this.timers.clockMs, answered });
    this.outbox.ping(payload);
  }

  #nextPing(): string {
    return String(this.#pingCount++);
  }

  /** No pong will come any more. */
  failPings(): void {
    this.#pings?.fail(this.notOpen());
    this.#pings = undefined;
  }

  /** `"open"` until either side begins to close, `"closed"` once the socket is gone. */
  get state(): "open" | "closing" | "closed" {
    return this.#ending === undefined ? "open" : this.#ending.phase;
  }

  /** What the peer's close frame said, once one has come. */
  get receivedClose(): ClosePayload | undefined {
    return this.#ending?.receivedClose;
  }

  // InboundOwner and OutboxOwner: what is noted for the guard.

  noteMessage(): void {
    this.messageMs = this.timers.nowMs;
  }

  // InboundOwner: what the peer has sent.

  ping(bytes: Uint8Array, start: number, end: number): void {
    // RFC 6455 §5.5.2: a ping MUST be answered with a pong, unless a close frame was already received.
    this.outbox.pong(bytes, start, end);
  }

  pong(bytes: Uint8Array, start: number, end: number): void {
    const { observation } = this;
    this.#mayRest = true;
    const roundTripMs = this.#pings?.answer(bytes, start, end, this.timers.clockMs);
    if (roundTripMs === undefined) return;
    this.roundTripMs = roundTripMs;
    if (this.#pings?.isEmpty === true) this.#pings = undefined;
    observation?.tell((observer) => observer.roundTrip?.(observation.connection, roundTripMs));
  }

  close(payload: ClosePayload): void {
    this.ending.onClose(payload);
  }

  fault(code: FaultCode): void {
    this.ending.endFor(faults[code].closeCode, code, ConnectionError.ofFault(code));
  }

  get isClosed(): boolean {
    return this.#ending?.isClosed === true;
  }

  onPumped(): void {
    if (this.inbound.isAllTaken) this.#ending?.onAllTaken();
  }

  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  // ReaderOwner; `pump` is what a guard asks for, too.

  pump(): void {
    if (this.#inbound === undefined) this.noteMessage();
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
    return this.events.message(message);
  }

  messageCut(): ConnectionError {
    return this.ending.messageCut();
  }

  onHandlerFailure(cause: unknown): void {
    this.ending.onHandlerFailure(cause);
  }

  // OutboxOwner

  notOpen(): ConnectionError {
    return this.ending.notOpen();
  }

  onDrained(): void {
    this.events.drained();
  }

  onUnreadable(cause: unknown): void {
    this.onHandlerFailure(cause);
  }

  // GuardOwner: what has not come in time, or too fast.

  get isBusy(): boolean {
    return this.reader.isBlocked || this.#inbound?.isBusy === true;
  }

  get bufferedBytes(): number {
    return this.#outbox?.bufferedBytes ?? 0;
  }

  get needsDrain(): boolean {
    return this.#outbox?.needsDrain === true;
  }

  get untakenBytes(): number {
    return this.#outbox?.untakenBytes ?? 0;
  }

  probe(): void {
    this.#sendPing(this.#nextPing(), undefined);
  }

  beginClose(code: number, reason: string, payload: Uint8Array): void {
    this.ending.begin(code, reason, payload);
  }

  endFor(closeCode: CloseCode, reason: string, error: ConnectionError): void {
    this.ending.endFor(closeCode, reason, error);
  }

  cutFor(closeCode: CloseCode, error: ConnectionError): void {
    this.ending.cutFor(closeCode, error);
  }

  // SocketOwner

  onBytes(chunk: Buffer, length: number): void {
    const { inbound, outbox } = this;
    outbox.cork();
    try {
      inbound.read(chunk, length);
    } catch (cause) {
      this.onHandlerFailure(cause);
    } finally {
      inbound.watch(length);
      outbox.uncork();
      if (this.#mayRest || this.#spares?.serveMany === true) this.#rest();
    }
  }

  get room(): Room | undefined {
    return this.#inbound?.room;
  }

  onSocketError(cause: Error): void {
    this.ending.onSocketError(cause);
  }

  onInputEnd(): void {
    this.ending.onInputEnd();
  }

  onSocketClosed(): void {
    disownSocket(this.socket);
    this.ending.onSocketClosed();
  }

  // EndingConnection

  gone(info: CloseInfo): void {
    this.#spares?.leave();
    this.#home?.onClosed(this);
    this.#onGone?.();
    this.events.gone(info);
  }
}
