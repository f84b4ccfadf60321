import type { Ticker, WheelClock } from "../../src/connection/index.js";

/** Time as a test tells it. */
export class FakeClock implements WheelClock {
  #nowMs: number;
  #onTick: (() => void) | undefined;
  #everyMs = 0;
  #nextMs = 0;
  /** How often a ticker was started. */
  starts = 0;
  /** Whether the ticker that runs would keep the process alive. */
  keepsProcessAlive = false;

  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs;
  }

  readonly nowMs = (): number => this.#nowMs;

  /** Whether a ticker runs. */
  get isTicking(): boolean {
    return this.#onTick !== undefined;
  }

  tick(onTick: () => void, everyMs: number): Ticker {
    if (this.#onTick !== undefined) throw new Error("a second ticker was started");
    this.starts++;
    this.#onTick = onTick;
    this.#everyMs = everyMs;
    this.#nextMs = this.#nowMs + everyMs;
    this.keepsProcessAlive = false;
    return {
      keepProcessAlive: (isNeeded) => void (this.keepsProcessAlive = isNeeded),
      stop: () => void (this.#onTick = undefined),
    };
  }

  /** Lets `ms` pass, with every tick in its time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#onTick !== undefined && this.#nextMs <= endMs) {
      this.#nowMs = this.#nextMs;
      this.#nextMs += this.#everyMs;
      this.#onTick();
    }
    this.#nowMs = endMs;
  }

  /** Lets `ms` pass in which the process stands still. May be negative. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** Lets `ms` pass in which the process stands still; then the ticks that were due come as one, late. */
  jump(ms: number): void {
    this.stall(ms);
    if (this.#onTick === undefined || this.#nextMs > this.#nowMs) return;
    this.#nextMs = this.#nowMs + this.#everyMs;
    this.#onTick();
  }
}
