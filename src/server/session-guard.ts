import { constants, type ServerHttp2Session } from "node:http2";

import { type TimerOwner, type TimerWheel, TokenBucket, WheelTimer } from "../connection/index.js";

/** What a peer may send in a second, and at once, of what costs us and brings it nothing. No honest client comes near. */
const limits = {
  ping: { perSecond: 10, burst: 100 },
  settings: { perSecond: 1, burst: 20 },
} as const;

/**
 * Watches one HTTP/2 session: a peer that floods us with PINGs or SETTINGS is told ENHANCE_YOUR_CALM (RFC 9113 §10.5)
 * and loses the session, and one that has no stream for `idleTimeoutMs` is let go. Streams that are reset again and again
 * (CVE-2023-44487) nghttp2 itself counts: a thousand at once and 33 a second.
 */
export class SessionGuard implements TimerOwner {
  readonly #session: ServerHttp2Session;
  readonly #timers: TimerWheel;
  readonly #idleTimeoutMs: number;
  readonly #timer: WheelTimer = new WheelTimer(this);
  readonly #buckets = new Map<keyof typeof limits, TokenBucket>();
  readonly #nowMs: () => number;
  #streams = 0;

  private constructor(session: ServerHttp2Session, idleTimeoutMs: number, timers: TimerWheel, nowMs: () => number) {
    this.#session = session;
    this.#timers = timers;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#nowMs = nowMs;
    timers.arm(this.#timer, idleTimeoutMs);
    session.on("ping", () => this.#count("ping"));
    session.on("remoteSettings", () => this.#count("settings"));
    session.on("stream", (stream) => {
      this.#streams++;
      timers.disarm(this.#timer);
      stream.once("close", () => this.#onStreamClosed());
    });
    session.once("close", () => timers.disarm(this.#timer));
  }

  /** Watches `session` until it ends. */
  static watch(session: ServerHttp2Session, idleTimeoutMs: number, timers: TimerWheel, nowMs: () => number): void {
    void new SessionGuard(session, idleTimeoutMs, timers, nowMs);
  }

  onDue(): void {
    this.#session.destroy();
  }

  #onStreamClosed(): void {
    this.#streams--;
    if (this.#streams === 0 && !this.#session.destroyed) this.#timers.arm(this.#timer, this.#idleTimeoutMs);
  }

  #count(what: keyof typeof limits): void {
    const nowMs = this.#nowMs();
    let bucket = this.#buckets.get(what);
    if (bucket === undefined) {
      bucket = new TokenBucket(limits[what].perSecond, limits[what].burst, nowMs);
      this.#buckets.set(what, bucket);
    }
    bucket.fill(nowMs);
    bucket.take(1);
    if (!bucket.isInDebt || this.#session.destroyed) return;
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#session.destroy();
  }
}
