import { byteLengthOf, type Sendable } from "./sendable.js";

interface Entry {
  readonly message: Sendable;
  readonly bytes: number;
  /** A probe of the heartbeat: of interest to nobody else. */
  readonly isProbe: boolean;
}

/** What is known of the messages that a connection had been given when it ended. */
export interface Remains {
  /** Had left this process, and may have arrived or not; the oldest first. */
  readonly uncertain: readonly Sendable[];
  /** As `uncertain`, too long ago to be kept. */
  readonly omitted: number;
}

/**
 * The messages that wait for a connection, and those that one was given and that may not have arrived. What a lost connection
 * had certainly not sent waits again, at the head of the line.
 */
export class SendQueue {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #waiting: Entry[] = [];
  #waitingBytes = 0;
  readonly #given: Entry[] = [];
  #givenBytes = 0;
  #givenInAll = 0;
  #omitted = 0;
  /** Messages of `#given` before the latest probe, and the probe. */
  #beforeProbe = 0;

  constructor({ maxQueuedMessages, maxQueuedBytes }: { maxQueuedMessages: number; maxQueuedBytes: number }) {
    this.#maxMessages = maxQueuedMessages;
    this.#maxBytes = maxQueuedBytes;
  }

  get bytes(): number {
    return this.#waitingBytes;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Bytes that the connection was given since it began, those that are forgotten included. */
  get givenInAll(): number {
    return this.#givenInAll;
  }

  /** Whether there is room for one more beside `buffered` bytes that a socket holds. */
  hasRoomFor(bytes: number, buffered: number): boolean {
    return this.#waiting.length < this.#maxMessages && this.#waitingBytes + buffered + bytes <= this.#maxBytes;
  }

  add(message: Sendable, bytes: number): void {
    this.#waiting.push({ message, bytes, isProbe: false });
    this.#waitingBytes += bytes;
  }

  /** The one that has waited longest, taken out. */
  take(): Sendable | undefined {
    const entry = this.#waiting.shift();
    this.#waitingBytes -= entry?.bytes ?? 0;
    return entry?.message;
  }

  /** All that wait, taken out. */
  takeAll(): Sendable[] {
    const messages = this.#waiting.map(({ message }) => message);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return messages;
  }

  /** Notes a message that the connection was given. No more are kept than may wait. */
  given(message: Sendable, isProbe = false): void {
    const bytes = byteLengthOf(message);
    this.#given.push({ message, bytes, isProbe });
    this.#givenBytes += bytes;
    this.#givenInAll += bytes;
    if (isProbe) this.#beforeProbe = this.#given.length;
    while (this.#given.length > this.#maxMessages || this.#givenBytes > this.#maxBytes) {
      if (this.#forget(1)[0]?.isProbe === false) this.#omitted++;
    }
  }

  /** The latest probe was answered: what went before it has arrived. */
  confirm(): void {
    if (this.#beforeProbe === 0) return;
    this.#forget(this.#beforeProbe);
    this.#omitted = 0;
  }

  /**
   * The connection has ended.
   *
   * @param buffered its `bufferedAmount`: what it had not sent, and nobody can have received.
   */
  dropped(buffered: number): Remains {
    let left = buffered;
    let sent = this.#given.length;
    while (left > 0 && sent > 0) left -= this.#given[--sent]?.bytes ?? 0;
    const isMessage = ({ isProbe }: Entry): boolean => !isProbe;
    const unsent = this.#given.slice(sent).filter(isMessage);
    const uncertain = this.#given.slice(0, sent).filter(isMessage);
    const omitted = this.#omitted;
    this.#waiting = [...unsent, ...this.#waiting];
    for (const { bytes } of unsent) this.#waitingBytes += bytes;
    this.#forget(this.#given.length);
    this.#omitted = this.#givenInAll = 0;
    return { uncertain: uncertain.map(({ message }) => message), omitted };
  }

  #forget(count: number): readonly Entry[] {
    const forgotten = this.#given.splice(0, count);
    for (const { bytes } of forgotten) this.#givenBytes -= bytes;
    this.#beforeProbe = Math.max(0, this.#beforeProbe - count);
    return forgotten;
  }
}
