/** What the first byte of a long message makes a buffer take; few messages that are cut outgrow it. */
const FIRST_CAPACITY = 16 * 1024;
/** What an empty buffer holds: an idle connection has two, and a buffer of its own costs 180 bytes. */
const NOTHING = new Uint8Array(0);

/**
 * Gathers a message that does not lie whole in one chunk. It copies, so no chunk is pinned, and it grows with what has
 * arrived, never with what a header announces.
 */
export class MessageBuffer {
  #bytes = NOTHING;
  #length = 0;

  /** Bytes gathered so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Copies `source[start, end)` in. `atMost`, the bytes that may still come (these included; `Infinity` where nobody knows),
   * spares needless room at the end of a long message.
   */
  append(source: Uint8Array, start: number, end: number, atMost: number): void {
    const needed = this.#length + (end - start);
    if (needed > this.#bytes.length) this.#grow(needed, this.#length + atMost);
    this.#bytes.set(source.subarray(start, end), this.#length);
    this.#length = needed;
  }

  /** Hands the message over, in a buffer of its exact size, and begins anew. */
  take(): Uint8Array {
    const isExact = this.#length === this.#bytes.length && this.#length > 0;
    const message = isExact ? this.#bytes : this.#bytes.slice(0, this.#length);
    this.#bytes = NOTHING;
    this.#length = 0;
    return message;
  }

  /** At least doubles, so that a message in many small pieces is not copied again for each of them. */
  #grow(needed: number, most: number): void {
    const grown = new Uint8Array(Math.min(Math.max(FIRST_CAPACITY, this.#bytes.length * 2, needed), most));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
