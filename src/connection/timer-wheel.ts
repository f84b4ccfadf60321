import { AsyncResource } from "node:async_hooks";

/** What a timer wheel runs on. */
export interface WheelClock {
  /** Milliseconds on a clock that only goes forward. */
  nowMs(): number;
  /**
   * Calls `onTick` every `everyMs` milliseconds until the function that it returns is called. It does not keep the process
   * alive: what a deadline is about does, as long as it is there.
   */
  tick(onTick: () => void, everyMs: number): () => void;
}

/** Who is told that a timer is due. */
export interface TimerOwner {
  onDue(): void;
}

/** A place in a ring; alone it is a ring of one. A slot of the wheel is a ring too, with a place that is no timer. */
class RingPlace {
  next: RingPlace = this;
  previous: RingPlace = this;

  insertBefore(place: RingPlace): void {
    this.previous = place.previous;
    this.next = place;
    place.previous.next = this;
    place.previous = this;
  }

  leave(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.next = this;
    this.previous = this;
  }
}

/** One deadline. It is armed and disarmed by a `TimerWheel`, as often as one likes, without allocating anything. */
export class WheelTimer extends RingPlace {
  readonly owner: TimerOwner;
  /** The wheel's: the tick at which the timer is due. */
  dueTick = 0;

  constructor(owner: TimerOwner) {
    super();
    this.owner = owner;
  }

  get isArmed(): boolean {
    return this.next !== this;
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
  #stopTicking: (() => void) | undefined;

  /** Wheel time now, and as of the last tick. */
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
   * Milliseconds on the wheel's own clock, as of the last tick: behind by up to a tick, and for next to nothing. It stands
   * still while no timer is armed.
   */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Has `timer` fall due after `delayMs` milliseconds, and not when it was due before. */
  arm(timer: WheelTimer, delayMs: number): void {
    if (timer.isArmed) timer.leave();
    else this.#armed++;
    if (this.#stopTicking === undefined) this.#start();
    else this.#advance(this.#clock.nowMs());
    timer.dueTick = Math.max(this.#doneTick + 1, Math.ceil((this.#timeMs + delayMs) / TICK_MS));
    timer.insertBefore(this.#slotOf(timer.dueTick));
  }

  /** Does nothing to a timer that is not armed. */
  disarm(timer: WheelTimer): void {
    if (!timer.isArmed) return;
    timer.leave();
    this.#armed--;
  }

  #slotOf(tick: number): RingPlace {
    return this.#slots[tick & (SLOTS - 1)] as RingPlace;
  }

  #start(): void {
    this.#clockMs = this.#clock.nowMs();
    this.#tickedAtMs = this.#clockMs;
    this.#stopTicking = this.#clock.tick(this.#onTick, TICK_MS);
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
      this.#stopTicking?.();
      this.#stopTicking = undefined;
      return;
    }
    const clockMs = this.#clock.nowMs();
    const isLate = clockMs - this.#tickedAtMs > LATE_MS;
    this.#tickedAtMs = clockMs;
    this.#advance(clockMs);
    this.#nowMs = this.#timeMs;
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
      while (slot.next !== slot) {
        const timer = slot.next;
        timer.leave();
        timer.insertBefore(this.#found);
      }
      this.#fireFound(tick);
    }
  }

  /** Takes one at a time: a callback may disarm any other, or arm itself. */
  #fireFound(tick: number): void {
    while (this.#found.next !== this.#found) {
      const timer = this.#found.next as WheelTimer;
      timer.leave();
      if (timer.dueTick > tick) {
        timer.insertBefore(this.#slotOf(timer.dueTick));
      } else {
        this.#armed--;
        timer.owner.onDue();
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
    return () => clearInterval(timer);
  },
};

/** The wheel of this process: all connections share it unless they are given another. */
export const processTimers: TimerWheel = new TimerWheel(systemClock);
