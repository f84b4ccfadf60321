import { type TimerOwner, type TimerWheel, WheelTimer } from "../connection/index.js";
import { type Deferred, defer } from "../internal/deferred.js";
import { RosterMember } from "../internal/roster.js";
import type { LazyAbort } from "./lazy-abort.js";
import type { Opening } from "./opening.js";
import { type Refusal, refusalOf } from "./refusal.js";

/** A handshake whose policies take their time: its deadline, and what ends it before. Then `abort` tells the policies to give up. */
export class PendingHandshake extends RosterMember implements TimerOwner {
  readonly #timers: TimerWheel;
  readonly #timer: WheelTimer = new WheelTimer(this);
  readonly #abort: LazyAbort;
  readonly #ended: Deferred<Refusal | undefined> = defer();
  readonly #stopWatching: () => void;

  constructor(opening: Opening, timeoutMs: number, timers: TimerWheel, abort: LazyAbort) {
    super();
    this.#timers = timers;
    this.#abort = abort;
    timers.arm(this.#timer, timeoutMs);
    this.#stopWatching = opening.whenLeft(() => this.#settle(undefined));
  }

  /** Resolves when the handshake ends before it is decided: with a refusal, or with undefined when the client has left. */
  get ended(): Promise<Refusal | undefined> {
    return this.#ended.promise;
  }

  /** The server is shutting down. */
  cancel(): void {
    this.#settle(refusalOf("shutting-down"));
  }

  onDue(): void {
    this.#settle(refusalOf("handshake-timeout"));
  }

  /** The handshake has been decided. */
  end(): void {
    this.#timers.disarm(this.#timer);
    this.#stopWatching();
  }

  #settle(outcome: Refusal | undefined): void {
    this.end();
    this.#ended.resolve(outcome);
    this.#abort.abort();
  }
}
