import { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import type { Duplex } from "node:stream";

import { type TimerOwner, type TimerWheel, WheelTimer } from "../connection/index.js";
import type { Route } from "./route.js";

/** How long a session without a stream waits for the next, as undici and browsers do within a factor of three. */
const IDLE_TIMEOUT_MS = 10_000;
/** What may be under way to us in all streams of a session together, in bytes. HTTP/2's own 64 KiB would be the limit for all. */
const SESSION_WINDOW_BYTES = 32 * 1024 * 1024;
/** After how long a silence the server is asked whether it is still there, and how long it has to say so: a dead path says nothing. */
const SILENCE_MS = 1_000;
const PING_TIMEOUT_MS = 3_000;

/**
 * One HTTP/2 session whose server takes WebSockets (RFC 8441), shared by all that go the same way. It keeps the process alive
 * while it has a stream, and ends by itself when it has had none for a while.
 */
export class Http2Session implements TimerOwner {
  readonly route: Route;
  /** What it runs on: it has the addresses. */
  readonly transport: Duplex;
  readonly #session: ClientHttp2Session;
  readonly #timers: TimerWheel;
  readonly #timer: WheelTimer = new WheelTimer(this);
  readonly #pingTimer: WheelTimer = new WheelTimer({ onDue: () => this.#giveUp() });
  #heardAtMs: number;
  #isGivenUp = false;
  #streams = 0;
  readonly #unanswered = new Set<ClientHttp2Stream>();
  /** The server takes no further stream, whatever its settings say. */
  #isFull = false;
  /** Whether the server has answered anything yet. */
  hasAnswered = false;

  constructor(route: Route, transport: Duplex, session: ClientHttp2Session, timers: TimerWheel) {
    this.route = route;
    this.transport = transport;
    this.#session = session;
    this.#timers = timers;
    this.#heardAtMs = timers.nowMs;
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    session.once("close", () => {
      timers.disarm(this.#timer);
      timers.disarm(this.#pingTimer);
    });
    this.#rest();
  }

  /** Has `listener` called when the session is gone. */
  onClosed(listener: () => void): void {
    this.#session.once("close", listener);
  }

  /** Whether it is gone, with all its streams, or nothing is heard of it any more. */
  get isLost(): boolean {
    return this.#session.destroyed || this.#isGivenUp;
  }

  /** Whether it takes one stream more; after a GOAWAY it takes none (RFC 9113 §6.8). */
  get hasRoom(): boolean {
    const { closed, destroyed, remoteSettings } = this.#session;
    // RFC 9113 §5.1.2: endpoints MUST NOT exceed the limit set by their peer.
    return !closed && !destroyed && !this.#isFull && this.#streams < (remoteSettings.maxConcurrentStreams ?? Infinity);
  }

  /** A stream was refused: there is no room until another one ends. */
  onRefused(): void {
    this.#isFull = this.#streams > 0;
  }

  /** @throws TypeError for headers that HTTP/2 does not allow. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#begin(headers);
    if (this.#streams++ === 0) {
      this.#timers.disarm(this.#timer);
      this.#session.ref();
    }
    this.#unanswered.add(stream);
    stream.once("response", () => {
      this.hasAnswered = true;
      this.#unanswered.delete(stream);
      this.#onHeard();
    });
    stream.once("close", () => this.#onStreamClosed(stream));
    this.#probe();
    return stream;
  }

  #onStreamClosed(stream: ClientHttp2Stream): void {
    this.#streams--;
    this.#isFull = false;
    this.#unanswered.delete(stream);
    if (this.#streams > 0 || this.#session.destroyed) return;
    // Not within the event: Node 20 never comes back from ending a session while it closes a stream that the peer has reset.
    if (this.#isGivenUp) setImmediate(() => this.#session.destroy());
    else this.#rest();
  }

  /** Asks whether the server is still there, unless it was heard lately, or is being asked. */
  #probe(): void {
    if (this.#pingTimer.isArmed || this.#timers.nowMs - this.#heardAtMs < SILENCE_MS) return;
    this.#session.ping((error) => {
      if (error === null) this.#onHeard();
    });
    this.#timers.arm(this.#pingTimer, PING_TIMEOUT_MS);
  }

  #onHeard(): void {
    this.#heardAtMs = this.#timers.nowMs;
    this.#timers.disarm(this.#pingTimer);
  }

  /** Takes no further stream, and has what waits for an answer ask elsewhere. Each WebSocket has its own patience with the peer. */
  #giveUp(): void {
    this.#isGivenUp = true;
    this.#session.close();
    for (const stream of this.#unanswered) stream.destroy();
  }

  #begin(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    try {
      return this.#session.request(headers, { endStream: false });
    } catch (cause) {
      // Most likely one is repeated that may not be.
      throw new TypeError(`option headers was refused by node:http2: ${(cause as Error).message}`, { cause });
    }
  }

  onDue(): void {
    this.#session.close();
  }

  #rest(): void {
    this.#session.unref();
    this.#timers.arm(this.#timer, IDLE_TIMEOUT_MS);
  }
}
