/** Options of the life under test. */
export const TIMES = {
  connectTimeoutMs: 3_000,
  firstDelayMs: 500,
  maxDelayMs: 8_000,
  stableAfterMs: 2_000,
  stallTimeoutMs: 6_000,
  sleepThresholdMs: 10_000,
  closeTimeoutMs: 1_000,
};
export const HEARTBEAT = { intervalMs: 4_000, timeoutMs: 2_000 };

/** Time between two looks of the watch at most. */
const TICK_MS = TIMES.stallTimeoutMs / 4;
/** A sleep up to here may be held against the server: the watch cannot tell it from a late timer. */
const SHORT_SLEEP_MS = 2_000 + TICK_MS;

/** For how long a connection has been quiet: what a watch may take for its end, and what it must. In milliseconds. */
export class Quiet {
  /** Time with our timers running since the server was heard; since bytes left; since we came to doubt it. */
  readonly #may = { silentMs: 0, stuckMs: 0, doubtedMs: 0 };
  /** The same, begun anew by whatever may make the watch begin anew. */
  #must = { silentMs: 0, stuckMs: 0 };
  #isDoubted = false;

  opened(): void {
    this.heard();
    this.left();
  }

  heard(): void {
    this.#may.silentMs = this.#must.silentMs = 0;
    this.#isDoubted = false;
  }

  /** Bytes have left, or there are none. */
  left(): void {
    this.#may.stuckMs = this.#must.stuckMs = 0;
  }

  /** The connection has to prove itself anew. */
  doubted(): void {
    this.#must = { silentMs: 0, stuckMs: 0 };
    if (!this.#isDoubted) this.#may.doubtedMs = 0;
    this.#isDoubted = true;
  }

  passes(ms: number): void {
    this.#mayCount(ms);
    this.#must.silentMs += ms;
    this.#must.stuckMs += ms;
  }

  sleeps(ms: number): void {
    this.#must = { silentMs: 0, stuckMs: 0 };
    this.#mayCount(ms <= SHORT_SLEEP_MS ? ms : TICK_MS); // what was left of a tick was due all the same
    if (ms >= TIMES.sleepThresholdMs) this.doubted();
  }

  get mayBeSilence(): boolean {
    const { silentMs, doubtedMs } = this.#may;
    const isUnanswered = this.#isDoubted && doubtedMs >= HEARTBEAT.timeoutMs;
    return isUnanswered || silentMs >= HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs;
  }

  get mustBeSilence(): boolean {
    return this.#must.silentMs > HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs + 2 * TICK_MS;
  }

  get mayBeStall(): boolean {
    return this.#may.stuckMs >= TIMES.stallTimeoutMs - TICK_MS;
  }

  get mustBeStall(): boolean {
    return this.#must.stuckMs > TIMES.stallTimeoutMs + 2 * TICK_MS;
  }

  #mayCount(ms: number): void {
    this.#may.silentMs += ms;
    this.#may.stuckMs += ms;
    this.#may.doubtedMs += ms;
  }
}
