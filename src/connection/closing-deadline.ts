import { type TimerOwner, type TimerWheel, WheelTimer } from "./timer-wheel.js";

/** What a closing deadline tells the connection that it belongs to. */
export interface ClosingOwner {
  /** The peer has not ended the connection in time. */
  onCloseTimeout(): void;
}

/** The time that a peer has to end a connection, from the first of our steps towards its end. It begins with this. */
export class ClosingDeadline implements TimerOwner {
  readonly #timers: TimerWheel;
  readonly #owner: ClosingOwner;
  readonly #timer: WheelTimer = new WheelTimer(this);

  constructor(timers: TimerWheel, timeoutMs: number, owner: ClosingOwner) {
    this.#timers = timers;
    this.#owner = owner;
    timers.arm(this.#timer, timeoutMs);
  }

  /** The connection has ended. */
  stop(): void {
    this.#timers.disarm(this.#timer);
  }

  onDue(): void {
    this.#owner.onCloseTimeout();
  }
}
