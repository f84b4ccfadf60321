import type { QueueLimits } from "./send-queue.js";
import { byteLengthOf, type Sendable } from "./sendable.js";

interface Entry {
  readonly message: Sendable;
  readonly bytes: number;
  /** A probe of the heartbeat: of interest to nobody else. */
  readonly isProbe: boolean;
}

/** What is known of the messages that a connection had been given when it ended. */
export interface Remains {
  /** Never left this process; the oldest first. */
  readonly unsent: readonly Sendable[];
  /** Had left it, and may have arrived or not; the oldest first. */
  readonly uncertain: readonly Sendable[];
  /** As `uncertain`, too long ago to be kept. */
  readonly omitted: number;
}

/** What one connection was given and is not known to have arrived. As much is kept as may wait. */
export class Ledger {
  readonly #limits: QueueLimits;
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #givenInAll = 0;
  #omitted = 0;
  /** Entries before the latest probe, and the probe; 0 or less where none of them is left. */
  #beforeProbe = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Bytes that the connection was given since it began, those that are forgotten included. */
  get givenInAll(): number {
    return this.#givenInAll;
  }

  given(message: Sendable, isProbe: boolean): void {
    const bytes = byteLengthOf(message);
    this.#entries.push({ message, bytes, isProbe });
    this.#bytes += bytes;
    this.#givenInAll += bytes;
    if (isProbe) this.#beforeProbe = this.#entries.length;
    while (this.#entries.length > this.#limits.maxQueuedMessages || this.#bytes > this.#limits.maxQueuedBytes) {
      this.#forget(1);
    }
  }

  /** The latest probe was answered: what went before it has arrived. */
  confirm(): void {
    if (this.#beforeProbe <= 0) return;
    this.#forget(this.#beforeProbe);
    this.#omitted = 0;
  }

  /** @param unsentBytes at the end of what was given, which nobody can have received */
  remains(unsentBytes: number): Remains {
    let left = unsentBytes;
    let sent = this.#entries.length;
    while (left > 0 && sent > 0) left -= this.#entries[--sent]?.bytes ?? 0;
    return {
      unsent: messagesOf(this.#entries.slice(sent)),
      uncertain: messagesOf(this.#entries.slice(0, sent)),
      omitted: this.#omitted,
    };
  }

  #forget(count: number): void {
    for (const { bytes, isProbe } of this.#entries.splice(0, count)) {
      this.#bytes -= bytes;
      if (!isProbe) this.#omitted++;
    }
    this.#beforeProbe -= count;
  }
}

function messagesOf(entries: readonly Entry[]): Sendable[] {
  return entries.filter(({ isProbe }) => !isProbe).map(({ message }) => message);
}
