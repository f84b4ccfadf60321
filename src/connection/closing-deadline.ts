import { type TimerOwner, type TimerWheel, WheelTimer } from "./timer-wheel.js";

/** What a closing deadline tells the connection that it belongs to. */
export interface ClosingOwner {
  /** The peer has not ended the connection in time. */
  onCloseTimeout(): void;
}

/** The time that a peer has to end a connection, from the first of our steps towards its end. */
export class ClosingDeadline implements TimerOwner {
  readonly #timers: TimerWheel;
  readonly #timeoutMs: number;
  readonly #owner: ClosingOwner;
  /** Made when it is needed: an open connection carries none. */
  #timer: WheelTimer | undefined;
  #isOver = false;

  constructor(timers: TimerWheel, timeoutMs: number, owner: ClosingOwner) {
    this.#timers = timers;
    this.#timeoutMs = timeoutMs;
    this.#owner = owner;
  }

  /** Starts the time, if it does not run and has not run out already. */
  start(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#timer = new WheelTimer(this);
    this.#timers.arm(this.#timer, this.#timeoutMs);
  }

  /** The connection has ended. */
  stop(): void {
    this.#isOver = true;
    if (this.#timer !== undefined) this.#timers.disarm(this.#timer);
  }

  onDue(): void {
    this.#owner.onCloseTimeout();
  }
}
