import type { ResolvedLivenessOptions } from "./liveness-options.js";
import type { OverdueCode } from "./overdue.js";
import { type TimerOwner, type TimerWheel, WheelTimer } from "./timer-wheel.js";

/** What a watch over a connection asks of it. */
export interface LivenessOwner {
  /** Whether a message is being handled, or waits to be. */
  readonly isBusy: boolean;
  /** As `unwrittenBytes` gives it: 0 when nothing waits for the kernel. */
  readonly unwrittenBytes: number;
  /** It is time to ping the peer. */
  onPingDue(): void;
  /** Something has not come in time. The watch is over. */
  onOverdue(code: OverdueCode): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/** Bytes that a message under way must bring for each millisecond beyond `messageTimeoutMs`. */
const LEAST_BYTES_PER_MS = 4;
/** How often a write that waits is looked at within `writeTimeoutMs`. */
const LOOKS = 4;

/**
 * Watches over one open connection: pings it, and says when a pong, a message, the rest of a message or room to write has not come in
 * time. One timer serves all; it is armed for whichever deadline is next. What happens on the way of a message only notes
 * the time as of the wheel's last tick, and the deadlines are worked out from that when the timer is due.
 *
 * What the peer cannot be blamed for does not count against it. Any byte from it is a sign of life, since a pong may have to
 * wait behind a long message; so is what the kernel takes of our own bytes, behind which a ping may wait. While what we have
 * read waits for a reader of ours, nothing is overdue, and when that is over the peer has its full time again.
 */
export class Liveness implements TimerOwner {
  readonly #options: ResolvedLivenessOptions;
  readonly #timers: TimerWheel;
  readonly #owner: LivenessOwner;
  readonly #timer: WheelTimer = new WheelTimer(this);
  #isOver = false;
  /** What the timer is armed for. */
  #wakeAtMs = NEVER;

  readonly #endOfLifeMs: number;
  #pingDueMs: number;
  /** `NEVER` while no ping waits for a sign of life. */
  #pongDueMs = NEVER;
  #hasHeard = false;
  #lastMessageMs: number;
  #isMessageUnderWay = false;
  /** `NEVER` while no message is under way. */
  #messageDueMs = NEVER;
  #isBehind = false;
  #behindSinceMs = 0;
  /** What the kernel had not taken when we last looked; 0 while nothing waits. */
  #unwritten = 0;
  #writeDueMs = NEVER;

  constructor(options: ResolvedLivenessOptions, timers: TimerWheel, owner: LivenessOwner) {
    this.#options = options;
    this.#timers = timers;
    this.#owner = owner;
    const openedMs = timers.nowMs;
    this.#endOfLifeMs = this.#after(openedMs, options.maxLifetimeMs);
    this.#pingDueMs = this.#after(openedMs, options.pingIntervalMs);
    this.#lastMessageMs = openedMs;
    this.#sleep();
  }

  /** Whether what we have read waits for a reader of ours. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** A message has come, whole. */
  onMessage(): void {
    this.#lastMessageMs = this.#timers.nowMs;
    this.#messageDueMs = NEVER;
  }

  /** A message was given to send. */
  onMessageQueued(): void {
    this.#lastMessageMs = this.#timers.nowMs;
  }

  /**
   * `length` bytes were read, and have been gone through as far as they are taken; or none, but somebody has come back for
   * more, and is done with the message before.
   */
  onReceived(length: number, isMessageUnderWay: boolean, isBehind: boolean): void {
    if (length > 0) {
      this.#hasHeard = true;
      this.#messageDueMs += length / LEAST_BYTES_PER_MS;
    } else {
      this.#lastMessageMs = this.#timers.nowMs;
    }
    if (isBehind !== this.#isBehind) {
      this.#isBehind = isBehind;
      if (isBehind) this.#behindSinceMs = this.#timers.nowMs;
      else this.#onCaughtUp();
    }
    this.#isMessageUnderWay = isMessageUnderWay;
    if (isMessageUnderWay && this.#messageDueMs === NEVER) {
      this.#messageDueMs = this.#after(this.#timers.nowMs, this.#options.messageTimeoutMs);
      this.#wakeBy(this.#messageDueMs);
    }
  }

  /** A write has to wait for the kernel. */
  onStalled(): void {
    this.#onWriteProgress(this.#owner.unwrittenBytes);
    this.#wakeBy(this.#nextLookMs);
  }

  /** Ends the watch. */
  stop(): void {
    this.#isOver = true;
    this.#timers.disarm(this.#timer);
  }

  onDue(): void {
    this.#wakeAtMs = NEVER;
    const nowMs = this.#timers.nowMs;
    this.#look();
    const overdue = this.#findOverdue(nowMs);
    if (overdue !== undefined) {
      this.stop();
      this.#owner.onOverdue(overdue);
      return;
    }
    if (nowMs >= this.#pingDueMs && !this.#isWaitingForPong) this.#ping(nowMs);
    if (!this.#isOver) this.#sleep();
  }

  #findOverdue(nowMs: number): OverdueCode | undefined {
    if (nowMs >= this.#writeDueMs) return "write-timeout";
    if (!this.#isBehind && nowMs >= this.#pongDueMs) return "ping-timeout";
    if (!this.#isBehind && nowMs >= this.#messageDueMs) return "message-timeout";
    if (nowMs >= this.#endOfLifeMs) return "max-lifetime";
    if (nowMs >= this.#idleDueMs) return "idle-timeout";
    return undefined;
  }

  /** Takes note of what has happened since the timer was last due. */
  #look(): void {
    if (this.#hasHeard) this.#pongDueMs = NEVER;
    const isWriting = this.#unwritten > 0;
    const isActive = isWriting || this.#isMessageUnderWay || this.#isBehind || this.#owner.isBusy;
    if (isActive) this.#lastMessageMs = this.#timers.nowMs;
    if (!isWriting) return;
    const unwritten = this.#owner.unwrittenBytes;
    if (unwritten !== this.#unwritten) this.#onWriteProgress(unwritten);
  }

  /** The peer, or the path to it, has taken something: it is there. */
  #onWriteProgress(unwritten: number): void {
    const nowMs = this.#timers.nowMs;
    this.#unwritten = unwritten;
    this.#writeDueMs = unwritten === 0 ? NEVER : this.#after(nowMs, this.#options.writeTimeoutMs);
    if (this.#pongDueMs !== NEVER) this.#pongDueMs = this.#after(nowMs, this.#options.pongTimeoutMs);
  }

  /** Reading goes on: what we did not read in the meantime is no fault of the peer's. */
  #onCaughtUp(): void {
    const nowMs = this.#timers.nowMs;
    this.#messageDueMs += nowMs - this.#behindSinceMs;
    if (this.#pongDueMs !== NEVER) this.#pongDueMs = this.#after(nowMs, this.#options.pongTimeoutMs);
    this.#wakeBy(Math.min(this.#pongDueMs, this.#messageDueMs));
  }

  /** One ping at a time waits for its answer; but while we do not read, further ones keep the path open. */
  get #isWaitingForPong(): boolean {
    return this.#pongDueMs !== NEVER && !this.#isBehind;
  }

  #ping(nowMs: number): void {
    this.#hasHeard = false;
    this.#pingDueMs = nowMs + this.#options.pingIntervalMs;
    this.#pongDueMs = nowMs + this.#options.pongTimeoutMs;
    this.#owner.onPingDue();
  }

  get #idleDueMs(): number {
    return this.#after(this.#lastMessageMs, this.#options.idleTimeoutMs);
  }

  get #nextLookMs(): number {
    const lookMs = this.#timers.nowMs + this.#options.writeTimeoutMs / LOOKS;
    return this.#unwritten === 0 ? NEVER : Math.min(lookMs, this.#writeDueMs);
  }

  /** What was noted by the wheel's clock may have happened a tick later: nothing is overdue too soon. */
  #after(notedMs: number, delayMs: number): number {
    return notedMs + this.#timers.tickMs + delayMs;
  }

  #sleep(): void {
    // A ping that is due already waits for the pong of the last.
    const isPingNext = !this.#isWaitingForPong || this.#pingDueMs > this.#timers.nowMs;
    const pingMs = isPingNext ? this.#pingDueMs : NEVER;
    const judgedMs = this.#isBehind ? NEVER : Math.min(this.#pongDueMs, this.#messageDueMs);
    this.#wakeBy(Math.min(this.#endOfLifeMs, this.#idleDueMs, this.#nextLookMs, pingMs, judgedMs));
  }

  #wakeBy(atMs: number): void {
    if (atMs >= this.#wakeAtMs || this.#isOver) return;
    this.#wakeAtMs = atMs;
    this.#timers.arm(this.#timer, atMs - this.#timers.nowMs);
  }
}
