import type { ObservedConnection } from "../connection/index.js";

const INTERVAL_MS = 1_000;
/** So many a second, in turn, however many there are. */
const CONNECTIONS_AT_ONCE = 1_000;

/**
 * Looks once a second how much is queued for each open connection, of more than a thousand for the next thousand. It has a timer only
 * while there are any, and nothing in the path of messages.
 */
export class QueueSampler {
  readonly #record: (bytes: number) => void;
  readonly #open = new Set<ObservedConnection>();
  /**
   * Where the next sample begins: an iterator of a set takes what is added and leaves out what is deleted. But V8 keeps what the set has
   * held since the iterator was last asked, so none outlives those that are open.
   */
  #next: SetIterator<ObservedConnection> = this.#open.values();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(record: (bytes: number) => void) {
    this.#record = record;
  }

  /** The connections that are sampled. */
  get open(): ReadonlySet<ObservedConnection> {
    return this.#open;
  }

  add(connection: ObservedConnection): void {
    this.#open.add(connection);
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#sample(), INTERVAL_MS);
    this.#timer.unref();
  }

  delete(connection: ObservedConnection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    this.#next = this.#open.values();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sample(): void {
    const count = Math.min(this.#open.size, CONNECTIONS_AT_ONCE);
    for (let i = 0; i < count; i++) {
      let { done, value } = this.#next.next();
      if (done === true) {
        this.#next = this.#open.values();
        ({ done, value } = this.#next.next());
      }
      if (value !== undefined) this.#record(value.bufferedBytes);
    }
  }
}
