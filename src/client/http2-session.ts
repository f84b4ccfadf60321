import { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import type { Duplex } from "node:stream";

import { type TimerOwner, type TimerWheel, WheelTimer } from "../connection/index.js";
import type { Route } from "./route.js";

/** How long a session without a stream waits for the next, as undici and browsers do within a factor of three. */
const IDLE_TIMEOUT_MS = 10_000;
/** What may be under way to us in all streams of a session together, in bytes. HTTP/2's own 64 KiB would be the limit for all. */
const SESSION_WINDOW_BYTES = 1024 * 1024;

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
  #streams = 0;
  /** Whether the server has answered anything yet. */
  hasAnswered = false;

  constructor(route: Route, transport: Duplex, session: ClientHttp2Session, timers: TimerWheel) {
    this.route = route;
    this.transport = transport;
    this.#session = session;
    this.#timers = timers;
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    session.once("close", () => timers.disarm(this.#timer));
    this.#rest();
  }

  /** Has `listener` called when the session is gone. */
  onClosed(listener: () => void): void {
    this.#session.once("close", listener);
  }

  /** Whether it is gone, with all its streams. */
  get isLost(): boolean {
    return this.#session.destroyed;
  }

  /** Whether it takes one stream more; after a GOAWAY it takes none (RFC 9113 §6.8). */
  get hasRoom(): boolean {
    const { closed, destroyed, remoteSettings } = this.#session;
    // RFC 9113 §5.1.2: endpoints MUST NOT exceed the limit set by their peer.
    return !closed && !destroyed && this.#streams < (remoteSettings.maxConcurrentStreams ?? Infinity);
  }

  /** @throws TypeError for headers that HTTP/2 does not allow. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#begin(headers);
    if (this.#streams++ === 0) {
      this.#timers.disarm(this.#timer);
      this.#session.ref();
    }
    stream.once("response", () => (this.hasAnswered = true));
    stream.once("close", () => {
      this.#streams--;
      if (this.#streams === 0 && !this.isLost) this.#rest();
    });
    return stream;
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
