import { totalmem } from "node:os";

import { checkLimit } from "../internal/option-check.js";
import { processTimers, type TimerOwner, type TimerWheel, WheelTimer } from "./timer-wheel.js";

/** What a budget asks of a connection that has bytes queued. */
export interface QueuedBytesHolder {
  /** As of a `WriteQueue`: they change while the peer reads. */
  readonly untakenBytes: number;
  /** The budget is exceeded, and this connection is to end. */
  onBudgetExceeded(budget: QueuedBytesBudget): void;
}

/** What one connection has queued, as its budget counts it. */
export class QueuedBytes {
  readonly #budget: QueuedBytesBudget;
  readonly #holder: QueuedBytesHolder;
  #bytes = 0;
  #isReleased = false;
  /** `untakenBytes` of the holder when the budget last looked; `undefined` when it has not, or the peer has taken something since. */
  #unwritten: number | undefined;

  /** Made by `QueuedBytesBudget.share`. */
  constructor(budget: QueuedBytesBudget, holder: QueuedBytesHolder) {
    this.#budget = budget;
    this.#holder = holder;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the kernel has taken nothing since `look` was last called. */
  get isStalled(): boolean {
    return this.#unwritten !== undefined && this.#unwritten === this.#holder.untakenBytes;
  }

  /** So many bytes are queued now. */
  set(bytes: number): void {
    if (this.#isReleased) return;
    const before = this.#bytes;
    this.#bytes = bytes;
    this.#budget.count(this, before);
  }

  /** Remembers how far the kernel has come, for `isStalled`. */
  look(): void {
    this.#unwritten = this.#holder.untakenBytes;
  }

  /** The kernel has taken something since, or nobody asks any more. */
  forget(): void {
    this.#unwritten = undefined;
  }

  /** Counts nothing any more: the connection is gone, or going. */
  release(): void {
    this.set(0);
    this.#isReleased = true;
  }

  end(): void {
    this.release();
    this.#holder.onBudgetExceeded(this.#budget);
  }
}

/** How long a connection that holds bytes may stand still while the budget is exceeded. */
const PATIENCE_MS = 1_000;

/**
 * A limit on what all its connections together have queued for peers that read more slowly than is sent. Each connection has
 * a cap of its own (`maxBufferedBytes`); the budget is for when there are many of them.
 *
 * While the sum is above it, once a second connections are ended until the rest fits: first those of whose bytes the kernel has taken none
 * for a second, then the others; of each the ones that hold most. So a peer that reads, however slowly, outlives one
 * that does not, and as few as possible go.
 *
 * Bytes are counted for each connection that they are queued for, also where many share them: a large message to many peers
 * counts many times.
 */
export class QueuedBytesBudget implements TimerOwner {
  /** The limit. */
  readonly maxBytes: number;
  readonly #timers: TimerWheel;
  readonly #timer: WheelTimer = new WheelTimer(this);
  readonly #shares = new Set<QueuedBytes>();
  #usedBytes = 0;
  #isWatched = false;

  /**
   * @param maxBytes a positive integer, or `Infinity` for no limit
   * @throws RangeError or TypeError for anything else
   */
  constructor(maxBytes: number, timers: TimerWheel = processTimers) {
    this.maxBytes = checkLimit("maxBytes", maxBytes, Number.POSITIVE_INFINITY);
    this.#timers = timers;
  }

  /** What all its connections have queued now, frame headers included. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The share of one connection; made when first a write of it has to wait. */
  share(holder: QueuedBytesHolder): QueuedBytes {
    return new QueuedBytes(this, holder);
  }

  /** Takes note that `share`, which had queued `before`, now has `share.bytes`. */
  count(share: QueuedBytes, before: number): void {
    this.#usedBytes += share.bytes - before;
    if (share.bytes === 0) this.#shares.delete(share);
    else if (before === 0) this.#shares.add(share);
    if (this.#usedBytes > this.maxBytes && !this.#timer.isArmed) this.#timers.arm(this.#timer, 0);
  }

  /** Looks at every connection when the sum is found too large, and a second later ends those that it takes. */
  onDue(): void {
    if (this.#isWatched) this.#shed();
    this.#isWatched = this.#usedBytes > this.maxBytes;
    for (const share of this.#shares) {
      if (this.#isWatched) share.look();
      else share.forget();
    }
    if (this.#isWatched) this.#timers.arm(this.#timer, PATIENCE_MS);
  }

  #shed(): void {
    if (this.#usedBytes <= this.maxBytes) return;
    const worst = Array.from(this.#shares, (share) => ({ share, bytes: share.bytes, isStalled: share.isStalled }));
    worst.sort((a, b) => Number(b.isStalled) - Number(a.isStalled) || b.bytes - a.bytes);
    for (const { share } of worst) {
      if (this.#usedBytes <= this.maxBytes) return;
      // What an end calls may have ended others.
      if (share.bytes > 0) share.end();
    }
  }
}

/** Half of the memory that this process may use: its control group's limit where there is one, else the machine's. */
function halfOfMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.max(1, Math.floor(memory / 2));
}

/** The budget of this process: all connections share it unless they are given another. */
export const processBudget: QueuedBytesBudget = new QueuedBytesBudget(halfOfMemory());
