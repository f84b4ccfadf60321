import { buildClosePayload, CloseCode } from "../protocol/index.js";
import type { ConnectionError } from "./connection-error.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { budgetExceeded, overdueError, rateExceeded, sendBufferFull } from "./end-errors.js";
import { type Activity, Liveness } from "./liveness.js";
import type { OutboxGuard } from "./outbox.js";
import { overdue, type OverdueCode } from "./overdue.js";
import type { QueuedBytesBudget } from "./queued-bytes-budget.js";
import type { ResolvedRateLimit } from "./rate-limit-options.js";
import { RateLimit, type RateLimitOwner } from "./rate-limit.js";
import type { TimerWheel } from "./timer-wheel.js";

/** What a guard asks of the connection that it belongs to. */
export interface GuardOwner extends Activity {
  /** Whether a message is being handled, or waits to be. */
  readonly isBusy: boolean;
  /** As of a `WriteQueue`: 0 when nothing waits for the kernel. */
  readonly untakenBytes: number;
  /** Sends a ping and measures the time to its pong. */
  probe(): void;
  /** Goes on with what has been received. */
  pump(): void;
  /** Closes by the closing handshake; `payload` is what `buildClosePayload` made of code and reason. */
  beginClose(closeCode: CloseCode, reason: string, payload: Uint8Array): void;
  /** Ends with a last close frame that waits for no answer. */
  endFor(closeCode: CloseCode, reason: string, error: ConnectionError): void;
  /** Ends at once: the peer does not read, so it would see no close frame. */
  cutFor(closeCode: CloseCode, error: ConnectionError): void;
}

/**
 * Holds one open connection to its limits of time, rate and room, and ends it for the one that it breaks. It is the watch over time itself:
 * every connection has one, and one object is less than two.
 */
export class Guard extends Liveness implements RateLimitOwner, OutboxGuard {
  readonly #options: ResolvedConnectionOptions;
  readonly #owner: GuardOwner;
  /** There where the peer is held to a rate. */
  readonly rate: RateLimit | undefined;

  constructor(options: ResolvedConnectionOptions, timers: TimerWheel, owner: GuardOwner) {
    super(options.liveness, timers, owner);
    this.#options = options;
    this.#owner = owner;
    this.rate = options.rateLimit === undefined ? undefined : new RateLimit(options.rateLimit, timers, this);
  }

  /** As a liveness is told, and of every read where the peer is held to a rate. */
  override onReceived(length: number, isMessageUnderWay: boolean, isBehind: boolean): void {
    if (this.rate !== undefined) {
      if (this.isBehind !== isBehind) this.rate.setBehind(isBehind);
      if (length > 0) this.rate.countBytes(length);
    }
    super.onReceived(length, isMessageUnderWay, isBehind);
  }

  /** The connection is not open any more. */
  override stop(): void {
    super.stop();
    this.rate?.stop();
  }

  // OutboxGuard, but for what a liveness notes itself

  onOverflow(): void {
    this.#owner.cutFor(CloseCode.policyViolation, sendBufferFull(this.#options));
  }

  get untakenBytes(): number {
    return this.#owner.untakenBytes;
  }

  onBudgetExceeded(budget: QueuedBytesBudget): void {
    this.#owner.cutFor(CloseCode.tryAgainLater, budgetExceeded(budget));
  }

  // Liveness

  get isBusy(): boolean {
    return this.#owner.isBusy;
  }

  protected onPingDue(): void {
    this.#owner.probe();
  }

  protected onOverdue(code: OverdueCode): void {
    const { closeCode } = overdue[code];
    switch (code) {
      case "idle-timeout":
      case "max-lifetime":
        this.#owner.beginClose(closeCode, code, buildClosePayload(closeCode, code));
        return;
      case "ping-timeout":
      case "message-timeout":
        this.#owner.endFor(closeCode, code, overdueError(code, this.#options));
        return;
      case "write-timeout":
        this.#owner.cutFor(closeCode, overdueError(code, this.#options));
    }
  }

  // RateLimitOwner

  onTokens(): void {
    this.#owner.pump();
  }

  onRateExceeded(limit: ResolvedRateLimit): void {
    this.#owner.endFor(CloseCode.policyViolation, "rate-exceeded", rateExceeded(limit));
  }
}
