import type { ResolvedLivenessOptions } from "./liveness-options.js";
import type { OverdueCode } from "./overdue.js";
import { Deadline, type TimerWheel } from "./timer-wheel.js";

/** A time, in whole milliseconds of the wheel's; undefined for never. Whole ones V8 keeps in place, others in an object of 16 bytes each. */
type Time = number | undefined;

/** Bytes that a message under way must bring for each millisecond beyond `messageTimeoutMs`. */
const LEAST_BYTES_PER_MS = 4;
/** How often a write that waits is looked at within `writeTimeoutMs`. */
const LOOKS = 4;

/**
 * What is noted for every message and read. The connection has it, beside what else a message needs, and not what watches over it: of 1,000
 * connections each object has to be fetched from beyond the processor's nearest caches (0.98 of the processor time of echo-64B-1-1000c).
 */
export interface Activity {
  /** When a message came, was asked for, handled or given to send, by the wheel's clock; when it opened, before there is one. */
  messageMs: number;
  /** Whether something has been read since the last ping. */
  isHeard: boolean;
}

/**
 * Watches over one open connection: pings it, and says when a pong, a message, the rest of a message or room to write has not come in
 * time. It is one deadline for all; it is armed for whichever deadline is next. What happens on the way of a message only notes
 * the time as of the wheel's last tick, and the deadlines are worked out from that when the timer is due.
 *
 * What the peer cannot be blamed for does not count against it. Any byte from it is a sign of life, since a pong may have to
 * wait behind a long message; so is what the kernel takes of our own bytes, behind which a ping may wait. While what we have
 * read waits for a reader of ours, nothing is overdue, and when that is over the peer has its full time again.
 */
export abstract class Liveness extends Deadline {
  readonly #options: ResolvedLivenessOptions;
  readonly #timers: TimerWheel;
  readonly #activity: Activity;
  #isOver = false;
  /** What the timer is armed for. */
  #wakeAtMs: Time;

  readonly #endOfLifeMs: Time;
  #pingDueMs: Time;
  /** What counts while nothing has been heard since the last ping. */
  #pongDueMs: Time;
  #isMessageUnderWay = false;
  /** There while a message is under way. */
  #messageDueMs: Time;
  /** There while what we have read waits. */
  #behindSinceMs: Time;
  /** What the kernel had not taken when we last looked; 0 while nothing waits. */
  #unwritten = 0;
  #writeDueMs: Time;

  constructor(options: ResolvedLivenessOptions, timers: TimerWheel, activity: Activity) {
    super();
    this.#options = options;
    this.#timers = timers;
    this.#activity = activity;
    const openedMs = this.#timers.nowMs;
    this.#endOfLifeMs = this.#after(openedMs, options.maxLifetimeMs);
    this.#pingDueMs = this.#after(openedMs, options.pingIntervalMs);
    activity.messageMs = openedMs;
    activity.isHeard = true;
    this.#sleep();
  }

  /** Whether a message is being handled, or waits to be. */
  abstract get isBusy(): boolean;

  /** As of a `WriteQueue`: 0 when nothing waits for the kernel. */
  abstract get untakenBytes(): number;

  /** It is time to ping the peer. */
  protected abstract onPingDue(): void;

  /** Something has not come in time. The watch is over. */
  protected abstract onOverdue(code: OverdueCode): void;

  /** Whether what we have read waits for a reader of ours. */
  get isBehind(): boolean {
    return this.#behindSinceMs !== undefined;
  }

  /** The message that was under way has come, whole. */
  onMessage(): void {
    this.#messageDueMs = undefined;
  }

  /**
   * `length` bytes were read, maybe none, and what had been has been gone through as far as it is taken. Need only be told where a message
   * is under way or something waits, and once neither is so any more.
   */
  onReceived(length: number, isMessageUnderWay: boolean, isBehind: boolean): void {
    if (this.#messageDueMs !== undefined) this.#messageDueMs += Math.ceil(length / LEAST_BYTES_PER_MS);
    if (isBehind !== this.isBehind) this.#setBehind(isBehind);
    this.#isMessageUnderWay = isMessageUnderWay;
    if (isMessageUnderWay && this.#messageDueMs === undefined) {
      this.#messageDueMs = this.#after(this.#timers.nowMs, this.#options.messageTimeoutMs);
      this.#wakeBy(this.#messageDueMs);
    }
  }

  /** A write has to wait for the kernel. */
  onStalled(): void {
    this.#onWriteProgress(this.untakenBytes);
    this.#wakeBy(this.#nextLookMs());
  }

  /** Ends the watch. */
  stop(): void {
    this.#isOver = true;
    this.#timers.disarm(this);
  }

  onDue(): void {
    this.#wakeAtMs = undefined;
    const nowMs = this.#timers.nowMs;
    this.#look();
    const overdue = this.#findOverdue(nowMs);
    if (overdue !== undefined) {
      this.stop();
      this.onOverdue(overdue);
      return;
    }
    if (isDue(this.#pingDueMs, nowMs) && !this.#isWaitingForPong()) this.#ping(nowMs);
    if (!this.#isOver) this.#sleep();
  }

  #findOverdue(nowMs: number): OverdueCode | undefined {
    if (isDue(this.#writeDueMs, nowMs)) return "write-timeout";
    if (!this.isBehind && isDue(this.#awaitedPongMs, nowMs)) return "ping-timeout";
    if (!this.isBehind && isDue(this.#messageDueMs, nowMs)) return "message-timeout";
    if (isDue(this.#endOfLifeMs, nowMs)) return "max-lifetime";
    if (isDue(this.#idleDueMs(), nowMs)) return "idle-timeout";
    return undefined;
  }

  /** Takes note of what has happened since the timer was last due. */
  #look(): void {
    const isWriting = this.#unwritten > 0;
    const isActive = isWriting || this.#isMessageUnderWay || this.isBehind || this.isBusy;
    if (isActive) this.#activity.messageMs = this.#timers.nowMs;
    if (!isWriting) return;
    const unwritten = this.untakenBytes;
    if (unwritten !== this.#unwritten) this.#onWriteProgress(unwritten);
  }

  /** The peer, or the path to it, has taken something: it is there. */
  #onWriteProgress(unwritten: number): void {
    const nowMs = this.#timers.nowMs;
    this.#unwritten = unwritten;
    this.#writeDueMs = unwritten === 0 ? undefined : this.#after(nowMs, this.#options.writeTimeoutMs);
    if (this.#awaitedPongMs !== undefined) this.#pongDueMs = this.#after(nowMs, this.#options.pongTimeoutMs);
  }

  #setBehind(isBehind: boolean): void {
    const nowMs = this.#timers.nowMs;
    if (!isBehind) this.#onCaughtUp(nowMs - (this.#behindSinceMs ?? nowMs));
    this.#behindSinceMs = isBehind ? nowMs : undefined;
  }

  /** Reading goes on: what we did not read in the meantime is no fault of the peer's. */
  #onCaughtUp(afterMs: number): void {
    const nowMs = this.#timers.nowMs;
    if (this.#messageDueMs !== undefined) this.#messageDueMs += afterMs;
    if (this.#awaitedPongMs !== undefined) this.#pongDueMs = this.#after(nowMs, this.#options.pongTimeoutMs);
    this.#wakeBy(earliest(this.#awaitedPongMs, this.#messageDueMs));
  }

  /** When the pong is due, while a ping waits for a sign of life. */
  get #awaitedPongMs(): Time {
    return this.#activity.isHeard ? undefined : this.#pongDueMs;
  }

  /** One ping at a time waits for its answer; but while we do not read, further ones keep the path open. */
  #isWaitingForPong(): boolean {
    return this.#awaitedPongMs !== undefined && !this.isBehind;
  }

  #ping(nowMs: number): void {
    this.#pingDueMs = timeOf(nowMs + this.#options.pingIntervalMs);
    this.#pongDueMs = timeOf(nowMs + this.#options.pongTimeoutMs);
    this.#activity.isHeard = false;
    this.onPingDue();
  }

  #idleDueMs(): Time {
    return this.#after(this.#activity.messageMs, this.#options.idleTimeoutMs);
  }

  #nextLookMs(): Time {
    if (this.#unwritten === 0) return undefined;
    return earliest(timeOf(this.#timers.nowMs + this.#options.writeTimeoutMs / LOOKS), this.#writeDueMs);
  }

  /** What was noted by the wheel's clock may have happened a tick later: nothing is overdue too soon. */
  #after(notedMs: number, delayMs: number): Time {
    return timeOf(notedMs + this.#timers.tickMs + delayMs);
  }

  #sleep(): void {
    // A ping that is due already waits for the pong of the last.
    const isPingNext = !this.#isWaitingForPong() || !isDue(this.#pingDueMs, this.#timers.nowMs);
    const pingMs = isPingNext ? this.#pingDueMs : undefined;
    const judgedMs = this.isBehind ? undefined : earliest(this.#awaitedPongMs, this.#messageDueMs);
    const soonMs = earliest(earliest(this.#nextLookMs(), pingMs), judgedMs);
    this.#wakeBy(earliest(soonMs, earliest(this.#endOfLifeMs, this.#idleDueMs())));
  }

  #wakeBy(atMs: Time): void {
    if (atMs === undefined || this.#isOver) return;
    if (this.#wakeAtMs !== undefined && atMs >= this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    this.#timers.arm(this, atMs - this.#timers.nowMs);
  }
}

function isDue(time: Time, nowMs: number): boolean {
  return time !== undefined && nowMs >= time;
}

function earliest(one: Time, other: Time): Time {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

/** `timeMs` or the next whole millisecond. */
function timeOf(timeMs: number): Time {
  return timeMs === Number.POSITIVE_INFINITY ? undefined : Math.ceil(timeMs);
}
