import { constants, type ServerHttp2Session } from "node:http2";

import { processTimers, type TimerOwner, type TimerWheel, TokenBucket, WheelTimer } from "../connection/index.js";

/** How long a session may have no stream, as in nginx within a factor of three. */
const IDLE_TIMEOUT_MS = 60_000;

/** What a peer may send in a second, and at once, of what costs us and brings it nothing. No honest client comes near. */
const limits = {
  ping: { perSecond: 10, burst: 100 },
  settings: { perSecond: 1, burst: 20 },
  reset: { perSecond: 33, burst: 500 },
} as const;

/**
 * Watches a session of a `node:http2` server of your own until it ends, as `serve({ http2: true })` does: a peer that sends more PINGs
 * than 10 a second (100 at once), more SETTINGS than one a second (20 at once), or has more streams reset than 33 a second (500 at once;
 * CVE-2023-44487, and by whichever side: CVE-2025-8671) is told ENHANCE_YOUR_CALM (RFC 9113 §10.5) and loses the session; one that has
 * no stream for a minute is let go. How many there may be at once, the server's own settings say.
 *
 * @param timers what keeps its deadline; by default the wheel that all connections of the process share
 * @example
 * http2.on("session", (session) => guardHttp2Session(session));
 */
export function guardHttp2Session(session: ServerHttp2Session, timers: TimerWheel = processTimers): void {
  void new SessionGuard(session, timers);
}

class SessionGuard implements TimerOwner {
  readonly #session: ServerHttp2Session;
  readonly #timers: TimerWheel;
  readonly #timer: WheelTimer = new WheelTimer(this);
  readonly #buckets = new Map<keyof typeof limits, TokenBucket>();
  #streams = 0;
  /** Whether the peer has done too much of something. */
  #isOver = false;

  constructor(session: ServerHttp2Session, timers: TimerWheel) {
    this.#session = session;
    this.#timers = timers;
    timers.arm(this.#timer, IDLE_TIMEOUT_MS);
    session.on("ping", () => this.#count("ping"));
    session.on("remoteSettings", () => this.#count("settings"));
    session.on("stream", (stream) => {
      this.#streams++;
      timers.disarm(this.#timer);
      stream.once("close", () => this.#onStreamClosed(stream.rstCode));
    });
    session.once("close", () => timers.disarm(this.#timer));
  }

  onDue(): void {
    this.#session.destroy();
  }

  #onStreamClosed(rstCode: number | undefined): void {
    this.#streams--;
    if (rstCode !== constants.NGHTTP2_NO_ERROR) this.#count("reset");
    if (this.#streams === 0 && !this.#session.destroyed) this.#timers.arm(this.#timer, IDLE_TIMEOUT_MS);
  }

  #count(what: keyof typeof limits): void {
    const nowMs = performance.now();
    let bucket = this.#buckets.get(what);
    if (bucket === undefined) {
      bucket = new TokenBucket(limits[what].perSecond, limits[what].burst, nowMs);
      this.#buckets.set(what, bucket);
    }
    bucket.fill(nowMs);
    bucket.take(1);
    if (!bucket.isInDebt || this.#isOver) return;
    this.#isOver = true;
    // Not within the event: Node 20 never comes back from ending a session while it closes a stream that the peer has reset.
    setImmediate(() => this.#sendAway());
  }

  #sendAway(): void {
    if (this.#session.destroyed) return;
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#session.destroy();
  }
}
