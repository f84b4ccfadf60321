import { AsyncResource } from "node:async_hooks";
import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage, Server as HttpServer } from "node:http";

import {
  acceptKey,
  BareSocket,
  type BareSocketHome,
  type HandleAddress,
  type LaterHeaders,
  type SocketHandle,
  type SocketOwner,
  type TimerOwner,
  type TimerWheel,
  WheelTimer,
} from "../../connection/index.js";
import { RosterMember } from "../../internal/roster.js";
import { readHandshake } from "../../protocol/index.js";
import { acceptHead, LINGER_MS, refusalBytes } from "../http-head.js";
import type { Acceptance, Offer, Opening, SocketEnds } from "../opening.js";
import { type Refusal, refusalOf } from "../refusal.js";
import { HeadersOfText, incomingOf } from "./incoming.js";
import { StandInSocket } from "./stand-in-socket.js";
import { readUpgradeHead, type UpgradeHead } from "./upgrade-head.js";

/** Who waits for the requests of bare sockets. */
export interface BareOpeningOwner extends BareSocketHome {
  readonly http: HttpServer;
  readonly timers: TimerWheel;
  /** Whether what comes is its own to answer. */
  readonly isAlone: boolean;
  /** It has asked for a WebSocket. */
  onUpgrade(opening: BareOpening): void;
  /** It begins with something else. */
  onOther(opening: BareOpening, bytes: Buffer): void;
  /** It is a WebSocket now, or closed. */
  onEnd(opening: BareOpening): void;
}

/** What may come behind the head before the handshake is decided, and in how many reads; then the kernel keeps the rest. */
const MAX_AHEAD_BYTES = 16 * 1024;
const MAX_AHEAD_READS = 64;
/** What `node:http` says to one who says nothing. */
const TIMED_OUT: Buffer = Buffer.from("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");

/** A connection that may be about to ask for a WebSocket; then the upgrade of HTTP/1.1 that it asked for, until it is answered. */
export class BareOpening extends RosterMember implements Opening, SocketOwner, TimerOwner {
  readonly duplex: BareSocket;
  readonly httpVersion = "1.1";
  readonly #owner: BareOpeningOwner;
  readonly #timer: WheelTimer = new WheelTimer(this);
  /** What is asynchronous belongs to who has started the server, and to this handshake: what comes by a handle belongs to nobody. */
  readonly #scope = new AsyncResource("HalyardOpening");
  #upgrade: UpgradeHead | undefined;
  #key = "";
  /** What has come behind the request, the first of it together with that. */
  readonly #ahead: Buffer[] = [];
  #aheadBytes = 0;
  #isRefused = false;
  #onLeft: (() => void) | undefined;
  #ends: SocketEnds | undefined;
  #message: IncomingMessage | undefined;

  constructor(handle: SocketHandle, owner: BareOpeningOwner) {
    super();
    this.#owner = owner;
    this.duplex = new BareSocket(handle, this, owner);
  }

  /** Waits for the request. */
  begin(timeoutMs: number): void {
    this.#owner.timers.arm(this.#timer, timeoutMs);
    this.duplex.resume();
  }

  get url(): string {
    return this.#asked.url;
  }

  get head(): Buffer {
    return this.#ahead.length === 1 ? (this.#ahead[0] as Buffer) : Buffer.concat(this.#ahead);
  }

  get ends(): SocketEnds {
    this.#ends ??= endsOf(this.duplex);
    return this.#ends;
  }

  get headers(): IncomingHttpHeaders {
    this.#message ??= incomingOf(this.#asked);
    return this.#message.headers;
  }

  get lastingHeaders(): IncomingHttpHeaders | LaterHeaders {
    return this.#message?.headers ?? new HeadersOfText(this.#asked.text);
  }

  get incoming(): IncomingMessage {
    this.#message ??= incomingOf(this.#asked);
    if (this.duplex.standIn === undefined) {
      this.#message.socket = new StandInSocket(this.duplex, this.ends, this.#owner.http);
    }
    return this.#message;
  }

  get hasLeft(): boolean {
    return !this.duplex.writable || (this.duplex.readableEnded && !this.#hasMore);
  }

  readOffer(): Offer | Refusal {
    const { rawHeaders } = this.#asked;
    const verdict = readHandshake({ method: "GET", httpVersion: this.httpVersion, rawHeaders });
    if (verdict.kind === "refusal") return refusalOf(verdict.fault);
    this.#key = verdict.key;
    return verdict;
  }

  answerable(): void {
    // There was no request before this one.
  }

  whenLeft(onLeft: () => void): () => void {
    this.#onLeft = onLeft;
    return () => (this.#onLeft = undefined);
  }

  accept({ subprotocol, extensions, headers }: Acceptance): void {
    const head = acceptHead(acceptKey(this.#key), subprotocol, extensions, headers);
    this.duplex.write(Buffer.from(head, "latin1"));
    this.duplex.standIn?.setTimeout(0);
    this.#owner.onEnd(this);
  }

  refuse(refusal: Refusal, timers: TimerWheel): void {
    const response = refusalBytes(refusal, false);
    if (this.duplex.destroyed) return;
    this.#isRefused = true;
    timers.arm(this.#timer, LINGER_MS);
    this.duplex.resume();
    this.duplex.write(response);
    this.duplex.end();
  }

  // TimerOwner

  onDue(): void {
    if (this.#upgrade === undefined) this.duplex.write(TIMED_OUT);
    this.duplex.destroy();
  }

  // SocketOwner, until it is accepted.

  onBytes(chunk: Buffer): void {
    if (this.#isRefused) return;
    if (this.#upgrade === undefined) this.#begin(chunk);
    else this.#keep(chunk);
  }

  onInputEnd(): void {
    if (this.#upgrade === undefined) this.duplex.destroy();
    else if (!this.#hasMore) this.#onLeft?.();
  }

  onSocketError(): void {
    // It closes.
  }

  onSocketClosed(): void {
    this.#owner.timers.disarm(this.#timer);
    this.#owner.onEnd(this);
    this.#onLeft?.();
  }

  #begin(chunk: Buffer): void {
    this.#owner.timers.disarm(this.#timer);
    if (this.#owner.isAlone) this.#upgrade = readUpgradeHead(chunk); // or somebody has come since
    if (this.#upgrade === undefined) {
      this.#scope.runInAsyncScope(() => this.#owner.onOther(this, chunk));
      return;
    }
    this.#keep(chunk.subarray(this.#upgrade.text.length));
    this.#scope.runInAsyncScope(() => this.#owner.onUpgrade(this));
  }

  /** Whether something has come since the request: then the end is seen behind it, as of a stream of Node's. */
  get #hasMore(): boolean {
    return this.#ahead.length > 1;
  }

  #keep(chunk: Buffer): void {
    this.#ahead.push(chunk);
    this.#aheadBytes += chunk.length;
    if (this.#aheadBytes >= MAX_AHEAD_BYTES || this.#ahead.length >= MAX_AHEAD_READS) this.duplex.pause();
  }

  get #asked(): UpgradeHead {
    return this.#upgrade as UpgradeHead;
  }
}

function endsOf({ handle, destroyed }: BareSocket): SocketEnds {
  const remote: HandleAddress = {};
  const local: HandleAddress = {};
  if (!destroyed) {
    handle.getpeername(remote);
    handle.getsockname(local);
  }
  return {
    remoteAddress: remote.address,
    remotePort: remote.port,
    localAddress: local.address,
    localPort: local.port,
  };
}
