import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

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
import type { RosterPlace } from "../../internal/roster.js";
import { readHandshake } from "../../protocol/index.js";
import { acceptHead, LINGER_MS, refusalBytes } from "../http-head.js";
import type { Acceptance, Offer, Opening, SocketEnds } from "../opening.js";
import { type Refusal, refusalOf } from "../refusal.js";
import { headersOf, HeadersOfText, incomingOf } from "./incoming.js";
import { StandInSocket } from "./stand-in-socket.js";
import { readUpgradeHead, type UpgradeHead } from "./upgrade-head.js";

/** Who waits for the requests of bare sockets. */
export interface BareOpeningOwner extends BareSocketHome {
  readonly timers: TimerWheel;
  /** It has asked for a WebSocket. */
  onUpgrade(opening: BareOpening): void;
  /** It begins with something else. */
  onOther(opening: BareOpening, bytes: Buffer): void;
  /** It is closed and has said nothing. */
  onSilent(opening: BareOpening): void;
}

/** What may come behind the head before the handshake is decided; then the kernel keeps the rest. */
const MAX_AHEAD_BYTES = 64 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);
/** What `node:http` says to one who says nothing. */
const TIMED_OUT: Buffer = Buffer.from("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");

/** A connection that may be about to ask for a WebSocket; then the upgrade of HTTP/1.1 that it asked for, until it is answered. */
export class BareOpening implements Opening, SocketOwner, TimerOwner {
  readonly duplex: BareSocket;
  /** Where its owner lists it. */
  place: RosterPlace<BareOpening> | undefined;
  readonly httpVersion = "1.1";
  readonly #owner: BareOpeningOwner;
  readonly #timer: WheelTimer = new WheelTimer(this);
  #upgrade: UpgradeHead | undefined;
  #key = "";
  #ahead: Buffer = NOTHING;
  #isRefused = false;
  #onLeft: (() => void) | undefined;
  #ends: SocketEnds | undefined;
  #incoming: IncomingMessage | undefined;

  constructor(handle: SocketHandle, owner: BareOpeningOwner) {
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
    return this.#ahead;
  }

  get ends(): SocketEnds {
    this.#ends ??= endsOf(this.duplex);
    return this.#ends;
  }

  get headers(): IncomingHttpHeaders {
    return this.#incoming?.headers ?? headersOf(this.#asked);
  }

  get lastingHeaders(): LaterHeaders {
    return new HeadersOfText(this.#asked.text);
  }

  get incoming(): IncomingMessage {
    this.#incoming ??= incomingOf(this.#asked, new StandInSocket(this.duplex, this.ends));
    return this.#incoming;
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
  }

  refuse(refusal: Refusal, timers: TimerWheel): void {
    const response = refusalBytes(refusal, false);
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
    else {
      this.#ahead = Buffer.concat([this.#ahead, chunk]);
      if (this.#ahead.length >= MAX_AHEAD_BYTES) this.duplex.pause();
    }
  }

  onInputEnd(): void {
    if (this.#upgrade === undefined) this.duplex.destroy();
    else this.#onLeft?.();
  }

  onSocketError(): void {
    // It closes.
  }

  onSocketClosed(): void {
    this.#owner.timers.disarm(this.#timer);
    if (this.#upgrade === undefined) this.#owner.onSilent(this);
    else this.#onLeft?.();
  }

  #begin(chunk: Buffer): void {
    this.#owner.timers.disarm(this.#timer);
    this.#upgrade = readUpgradeHead(chunk);
    if (this.#upgrade === undefined) return this.#owner.onOther(this, chunk);
    this.#ahead = chunk.subarray(this.#upgrade.text.length);
    this.#owner.onUpgrade(this);
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
