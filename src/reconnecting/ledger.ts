import { byteLengthOf, type Sendable } from "./sendable.js";

/** How much may wait for a connection, and is kept of what one was given. */
interface QueueLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
}

interface Entry {
  /** `undefined` for a probe of the heartbeat, which is of interest to nobody else. */
  readonly message: Sendable | undefined;
  readonly bytes: number;
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
  /** Probes that are not kept and may still be answered. */
  #forgottenProbes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Bytes that the connection was given since it began, those that are forgotten included. */
  get givenInAll(): number {
    return this.#givenInAll;
  }

  given(message: Sendable, isProbe: boolean): void {
    const bytes = byteLengthOf(message);
    this.#entries.push({ message: isProbe ? undefined : message, bytes });
    this.#bytes += bytes;
    this.#givenInAll += bytes;
    while (this.#entries.length > this.#limits.maxQueuedMessages || this.#bytes > this.#limits.maxQueuedBytes) {
      if (this.#forget(1)) this.#forgottenProbes++;
    }
  }

  /** A probe was answered, the oldest that has not been: what went before it has arrived. */
  confirm(): void {
    if (this.#forgottenProbes > 0) this.#forgottenProbes--;
    else if (this.#forget(this.#entries.findIndex(({ message }) => message === undefined) + 1)) this.#omitted = 0;
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

  /** @returns whether the last of them was a probe */
  #forget(count: number): boolean {
    let wasProbe = false;
    for (const { message, bytes } of this.#entries.splice(0, count)) {
      this.#bytes -= bytes;
      wasProbe = message === undefined;
      if (!wasProbe) this.#omitted++;
    }
    return wasProbe;
  }
}

function messagesOf(entries: readonly Entry[]): Sendable[] {
  return entries.flatMap(({ message }) => message ?? []);
}
