import { AsyncResource } from "node:async_hooks";

import { RingPlace } from "../internal/ring.js";

/** What a timer wheel runs on. */
export interface WheelClock {
  /** Milliseconds on a clock that only goes forward. */
  nowMs(): number;
  /** Calls `onTick` every `everyMs` milliseconds until it is stopped. At first that does not keep the process alive. */
  tick(onTick: () => void, everyMs: number): Ticker;
}

/** What calls every so often. */
export interface Ticker {
  /** Whether the process shall go on for its sake alone. */
  keepProcessAlive(isNeeded: boolean): void;
  /** Ends the ticks. */
  stop(): void;
}

/** Who is told that a timer is due. */
export interface TimerOwner {
  /** Called when the owner's timer is due. */
  onDue(): void;
}

/** One deadline. It is armed and disarmed by a `TimerWheel`, as often as one likes, without allocating anything. */
export abstract class Deadline extends RingPlace {
  /** The wheel's: the tick at which it is due. */
  dueTick = 0;

  /**
   * Whether the process goes on for its sake alone while it is armed. False by default: what a deadline is about, a socket say, keeps the
   * process alive as long as it is there.
   */
  get keepsProcessAlive(): boolean {
    return false;
  }

  /** Whether it waits for its time. */
  get isArmed(): boolean {
    return this.isLinked;
  }

  /** Called when it is due. */
  abstract onDue(): void;
}

/** A deadline that tells somebody else. */
export class WheelTimer extends Deadline {
  /** Who is told when it is due. */
  readonly owner: TimerOwner;
  readonly #keepsProcessAlive: boolean;

  /** @param keepsProcessAlive true for one that somebody waits for who may have nothing else */
  constructor(owner: TimerOwner, keepsProcessAlive = false) {
    super();
    this.owner = owner;
    this.#keepsProcessAlive = keepsProcessAlive;
  }

  override get keepsProcessAlive(): boolean {
    return this.#keepsProcessAlive;
  }

  onDue(): void {
    this.owner.onDue();
  }
}

const TICK_MS = 100;
/** Slots: a power of two. One turn of the wheel takes 51.2 seconds; a longer deadline stays in its slot for some turns. */
const SLOTS = 512;
/** The most that one tick counts for. What is longer was a stop of the whole process, in which nobody could do anything. */
const MAX_STEP_MS = 1_000;
/** A tick that comes this much after the last is late. */
const LATE_MS = 3 * TICK_MS;

/**
 * Any number of deadlines on one timer: a hashed wheel, so that arming, arming anew and disarming take the same few steps
 * however many there are. A deadline is never early, and late by at most a tick (100 ms) and what the event loop is late.
 *
 * Its time stands still while the process does (a long synchronous piece of work, a stopped process, a sleeping laptop),
 * and a tick that comes late judges nobody: what has arrived meanwhile is read first.
 */
export class TimerWheel {
  /** Milliseconds from one tick to the next. */
  readonly tickMs: number = TICK_MS;
  readonly #clock: WheelClock;
  readonly #slots: readonly RingPlace[] = Array.from({ length: SLOTS }, () => new RingPlace());
  /** What was found in the slots that have come up. Were a callback to throw, the rest is here for the next tick. */
  readonly #found: RingPlace = new RingPlace();
  #armed = 0;
  /** Those of them that keep the process alive. */
  #vital = 0;
  #ticker: Ticker | undefined;

  /** Wheel time now, and as of the last tick: whole, which V8 keeps in place, for every message looks at it. */
  #timeMs = 0;
  #nowMs = 0;
  /** The clock when wheel time was last advanced, and at the last tick. */
  #clockMs = 0;
  #tickedAtMs = 0;
  /** The last tick whose slot was gone through. */
  #doneTick = 0;
  #hasWaited = false;

  constructor(clock: WheelClock) {
    this.#clock = clock;
  }

  /**
   * Whole milliseconds on the wheel's own clock, as of the last tick: behind by up to a tick, and for next to nothing. It stands
   * still while no timer is armed.
   */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds on the clock that the wheel turns by, to the point. */
  get clockMs(): number {
    return this.#clock.nowMs();
  }

  /** Has `timer` fall due after `delayMs` milliseconds, and not when it was due before. */
  arm(timer: Deadline, delayMs: number): void {
    const isNew = !timer.isArmed;
    timer.leave();
    if (this.#ticker === undefined) this.#start();
    else this.#advance(this.#clock.nowMs());
    if (isNew) this.#count(timer);
    timer.dueTick = Math.max(this.#doneTick + 1, Math.ceil((this.#timeMs + delayMs) / TICK_MS));
    timer.insertBefore(this.#slotOf(timer.dueTick));
  }

  /** Does nothing to a timer that is not armed. */
  disarm(timer: Deadline): void {
    if (!timer.isArmed) return;
    timer.leave();
    this.#discount(timer);
  }

  #count(timer: Deadline): void {
    this.#armed++;
    if (timer.keepsProcessAlive && this.#vital++ === 0) this.#ticker?.keepProcessAlive(true);
  }

  #discount(timer: Deadline): void {
    this.#armed--;
    if (timer.keepsProcessAlive && --this.#vital === 0) this.#ticker?.keepProcessAlive(false);
  }

  #slotOf(tick: number): RingPlace {
    return this.#slots[tick & (SLOTS - 1)] as RingPlace;
  }

  #start(): void {
    this.#clockMs = this.#clock.nowMs();
    this.#tickedAtMs = this.#clockMs;
    this.#ticker = this.#clock.tick(this.#onTick, TICK_MS);
  }

  #advance(clockMs: number): void {
    const elapsedMs = clockMs - this.#clockMs;
    if (elapsedMs <= 0) return;
    this.#timeMs += Math.min(elapsedMs, MAX_STEP_MS);
    this.#clockMs = clockMs;
  }

  readonly #onTick = (): void => {
    // The last timer is not waited for when it is disarmed: who arms one often disarms one often too.
    if (this.#armed === 0) {
      this.#ticker?.stop();
      this.#ticker = undefined;
      return;
    }
    const clockMs = this.#clock.nowMs();
    const isLate = clockMs - this.#tickedAtMs > LATE_MS;
    this.#tickedAtMs = clockMs;
    this.#advance(clockMs);
    this.#nowMs = Math.floor(this.#timeMs);
    // Once, or deadlines would never come on a machine whose ticks are all late.
    this.#hasWaited = isLate && !this.#hasWaited;
    if (!this.#hasWaited) this.#fireUntil(Math.floor(this.#timeMs / TICK_MS));
  };

  #fireUntil(tick: number): void {
    const first = this.#doneTick + 1;
    // From here on what callbacks arm falls due later than this tick.
    this.#doneTick = tick;
    this.#fireFound(tick);
    for (let each = Math.max(first, tick - SLOTS + 1); each <= tick; each++) {
      const slot = this.#slotOf(each);
      while (slot.isLinked) {
        const timer = slot.next;
        timer.leave();
        timer.insertBefore(this.#found);
      }
      this.#fireFound(tick);
    }
  }

  /** Takes one at a time: a callback may disarm any other, or arm itself. */
  #fireFound(tick: number): void {
    while (this.#found.isLinked) {
      const timer = this.#found.next as Deadline;
      timer.leave();
      if (timer.dueTick > tick) {
        timer.insertBefore(this.#slotOf(timer.dueTick));
      } else {
        this.#discount(timer);
        timer.onDue();
      }
    }
  }
}

/** The one timer of the process belongs to nobody: not to the request during which it happened to start. */
const nobody = new AsyncResource("HalyardTimerWheel");

const systemClock: WheelClock = {
  nowMs: () => performance.now(),
  tick(onTick, everyMs) {
    const timer = nobody.runInAsyncScope(() => setInterval(onTick, everyMs));
    timer.unref();
    return {
      keepProcessAlive: (isNeeded) => void (isNeeded ? timer.ref() : timer.unref()),
      stop: () => clearInterval(timer),
    };
  },
};

/** The wheel of this process: all connections share it unless they are given another. */
export const processTimers: TimerWheel = new TimerWheel(systemClock);
