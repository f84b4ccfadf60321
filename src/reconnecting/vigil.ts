import type { ResolvedOptions } from "./reconnecting-options.js";
import type { DropReason } from "./reconnecting-state.js";

/** The connection as its watch sees it. */
interface Watched {
  readonly bufferedAmount: number;
  /** Bytes that have left since it began. */
  readonly leftBytes: number;
  end(reason: DropReason): void;
}

/** Time between two looks at most, in milliseconds. */
const LONGEST_TICK_MS = 5_000;

/** A tick that is later than this, in milliseconds, says nothing of the peer: we were held up, and what it sent may wait. */
const LATE_MS = 2_000;

/**
 * Watches one open connection: whether anything comes, whether what we send leaves, whether the clock jumps. A browser can
 * send no pings, so silence alone proves nothing; it takes a probe that the server answers, a second connection, or a server that
 * is known to talk.
 */
export class Vigil {
  readonly #options: ResolvedOptions;
  readonly #watched: Watched;
  readonly #probe: () => void;
  readonly #tickMs: number;
  #heardAtMs: number;
  #movedAtMs: number;
  /** `Infinity` where no probe is out. */
  #probedAtMs = Infinity;
  #leftBytes = 0;
  #tickedAtMs: number;
  #cancel: () => void;

  /** @param probe has the connection prove that it is alive: `heard` follows, or another connection takes its place */
  constructor(options: ResolvedOptions, watched: Watched, probe: () => void) {
    this.#options = options;
    this.#watched = watched;
    this.#probe = probe;
    const { heartbeat, silenceTimeoutMs, stallTimeoutMs } = options;
    const shortest = Math.min(silenceTimeoutMs, stallTimeoutMs, heartbeat.intervalMs, heartbeat.timeoutMs);
    this.#tickMs = Math.min(LONGEST_TICK_MS, shortest / 4);
    this.#heardAtMs = this.#movedAtMs = this.#tickedAtMs = options.environment.nowMs();
    this.#cancel = this.#nextTick();
  }

  /** Something has come: the peer is there. */
  heard(): void {
    this.#heardAtMs = this.#options.environment.nowMs();
    this.#probedAtMs = Infinity;
  }

  /**
   * The connection may be dead, for a reason of ours and not of the peer's: has it prove itself where there is a heartbeat, and
   * gives it up for `reason` where there is none and there is a reason.
   */
  doubt(reason?: DropReason): void {
    const { heartbeat, environment } = this.#options;
    if (heartbeat.intervalMs === Infinity) {
      if (reason !== undefined) this.#watched.end(reason);
      return;
    }
    if (reason !== undefined || this.#probedAtMs === Infinity) {
      this.#heardAtMs = this.#movedAtMs = this.#probedAtMs = environment.nowMs();
    }
    this.#probe();
  }

  stop(): void {
    this.#cancel();
  }

  #nextTick(): () => void {
    return this.#options.environment.startTimer(() => {
      this.#cancel = this.#nextTick();
      this.#look();
    }, this.#tickMs);
  }

  #look(): void {
    const nowMs = this.#options.environment.nowMs();
    const lateMs = nowMs - this.#tickedAtMs - this.#tickMs;
    this.#tickedAtMs = nowMs;
    const jumpMs = Math.abs(lateMs); // a clock may be set back, too
    if (jumpMs >= this.#options.sleepThresholdMs) this.doubt({ kind: "slept", forMs: jumpMs });
    else if (jumpMs > LATE_MS) {
      // Our own delay is not the peer's silence.
      this.#heardAtMs += lateMs;
      this.#movedAtMs += lateMs;
      this.#probedAtMs += lateMs;
    } else this.#judge(nowMs);
  }

  #judge(nowMs: number): void {
    const { heartbeat, silenceTimeoutMs, stallTimeoutMs } = this.#options;
    const { bufferedAmount, leftBytes } = this.#watched;
    // Not whether `bufferedAmount` has fallen: who sends all the time may fill it faster than a healthy line takes from it.
    if (bufferedAmount === 0 || leftBytes > this.#leftBytes) this.#movedAtMs = nowMs;
    this.#leftBytes = leftBytes;
    const silentMs = nowMs - this.#heardAtMs;
    const isUnanswered = nowMs - this.#probedAtMs >= heartbeat.timeoutMs;
    if (nowMs - this.#movedAtMs >= stallTimeoutMs) this.#watched.end({ kind: "stalled" });
    else if (silentMs >= silenceTimeoutMs || isUnanswered) this.#watched.end({ kind: "silent" });
    else if (silentMs >= heartbeat.intervalMs && this.#probedAtMs === Infinity) {
      this.#probedAtMs = nowMs;
      this.#probe();
    }
  }
}
