import type { ResolvedRateLimit } from "./rate-limit-options.js";
import { type TimerOwner, type TimerWheel, WheelTimer } from "./timer-wheel.js";
import { TokenBucket } from "./token-bucket.js";

/** What a rate limit asks of the connection that it belongs to. */
export interface RateLimitOwner {
  /** There are tokens again: go on with what has been received. */
  onTokens(): void;
  /** The peer has sent more than it may, and that ends the connection. */
  onRateExceeded(limit: ResolvedRateLimit): void;
}

/** Holds what a peer sends to a rate: two token buckets, one of messages and one of bytes. */
export class RateLimit implements TimerOwner {
  readonly #limit: ResolvedRateLimit;
  readonly #timers: TimerWheel;
  readonly #owner: RateLimitOwner;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #timer: WheelTimer = new WheelTimer(this);
  #isSpent = false;
  #isBehind = false;
  #isOver = false;

  constructor(limit: ResolvedRateLimit, timers: TimerWheel, owner: RateLimitOwner) {
    const { messagesPerSecond, bytesPerSecond, burstSeconds } = limit;
    this.#limit = limit;
    this.#timers = timers;
    this.#owner = owner;
    const nowMs = timers.clockMs;
    this.#messages = new TokenBucket(messagesPerSecond, messagesPerSecond * burstSeconds, nowMs);
    this.#bytes = new TokenBucket(bytesPerSecond, bytesPerSecond * burstSeconds, nowMs);
  }

  /** Whether the peer has to wait before more is taken of it. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** Something was read, and is about to be gone through: what has come since the last time is saved up first. */
  onRead(): void {
    this.#fill();
  }

  /** So many bytes were read, and have been gone through. They may go into debt by one read, whose size is not ours to choose. */
  countBytes(length: number): void {
    this.#bytes.take(length);
    this.#review();
  }

  /** A message or a control frame has come; returns whether it may be taken. */
  countMessage(): boolean {
    if (this.#isOver) return true;
    this.#messages.take(1);
    this.#review();
    return !this.#isOver;
  }

  /**
   * Reading waits for a reader of ours, or goes on after it. What the peer could have sent meanwhile may come in one go then: it is not
   * held against it.
   */
  setBehind(isBehind: boolean): void {
    this.#fill();
    this.#isBehind = isBehind;
  }

  /** Counts nothing any more. */
  stop(): void {
    this.#isOver = true;
    this.#isSpent = false;
    this.#timers.disarm(this.#timer);
  }

  onDue(): void {
    this.#fill();
    this.#isSpent = false;
    this.#review();
    if (!this.#isSpent) this.#owner.onTokens();
  }

  #fill(): void {
    const nowMs = this.#timers.clockMs;
    if (this.#isBehind) {
      this.#messages.credit(nowMs);
      this.#bytes.credit(nowMs);
    } else {
      this.#messages.fill(nowMs);
      this.#bytes.fill(nowMs);
    }
  }

  /** Looks at the clock again before it says that a bucket is empty. */
  #review(): void {
    if (this.#isOver || this.#isSpent || !this.#isExceeded()) return;
    this.#fill();
    if (!this.#isExceeded()) return;
    if (this.#limit.whenExceeded === "close") {
      this.stop();
      this.#owner.onRateExceeded(this.#limit);
      return;
    }
    this.#isSpent = true;
    this.#timers.arm(this.#timer, Math.max(this.#messages.msUntilToken, this.#bytes.msUntilToken));
  }

  #isExceeded(): boolean {
    if (this.#limit.whenExceeded === "close") return this.#messages.isInDebt || this.#bytes.isInDebt;
    return this.#messages.isEmpty || this.#bytes.isEmpty;
  }
}
