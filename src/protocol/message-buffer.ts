/** What the first byte of a long message makes a buffer take; few messages that are cut outgrow it. */
const FIRST_CAPACITY = 16 * 1024;
/**
 * What a buffer takes at most of what a header announces, by what has arrived: a message of 1 MiB in reads of 64 KiB is copied once, and not
 * five times (0.6 of the processor time, echo-1MiB-4). Memory that is never written to is not the kernel's loss.
 */
const MOST_AHEAD = 32;
/** What an empty buffer holds: an idle connection has two, and a buffer of its own costs 180 bytes. */
const NOTHING = new Uint8Array(0);

/**
 * Makes memory of `size` bytes, whatever is in it, or of more where that costs nothing: up to `announced`, which is what the message will
 * take as far as anybody has said.
 */
export type Allocate = (size: number, announced: number) => Uint8Array;

/**
 * Gathers a message that does not lie whole in one chunk. It copies, so no chunk is pinned, and it grows with what has
 * arrived, never with what a header merely announces.
 */
export class MessageBuffer {
  readonly #allocate: Allocate;
  #bytes: Uint8Array = NOTHING;
  #length = 0;

  /** @param allocate by default memory full of zeros */
  constructor(allocate: Allocate = zeros) {
    this.#allocate = allocate;
  }

  /** Bytes gathered so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Copies `source[start, end)` in.
   *
   * @param announced bytes that are to come next, these included, as far as anybody has said
   * @param atMost bytes that may still come, these included; `Infinity` where nobody knows. Spares needless room at the end
   */
  append(source: Uint8Array, start: number, end: number, announced: number, atMost: number): void {
    const needed = this.#length + (end - start);
    if (needed > this.#bytes.length) this.#grow(needed, this.#length + announced, this.#length + atMost);
    if (!this.#isInPlace(source, start)) this.#bytes.set(source.subarray(start, end), this.#length);
    this.#length = needed;
  }

  /** Where the next bytes would be copied to, up to `most`: what is put there before it is appended needs no copy. */
  room(most: number): Uint8Array {
    return this.#bytes.subarray(this.#length, Math.min(this.#bytes.length, this.#length + most));
  }

  /** Hands the message over, no longer than it is, and begins anew. A `Buffer` that is longer is not copied from: its `slice` is a view. */
  take(): Uint8Array {
    const isExact = this.#length === this.#bytes.length && this.#length > 0;
    const message = isExact ? this.#bytes : this.#bytes.slice(0, this.#length);
    this.#bytes = NOTHING;
    this.#length = 0;
    return message;
  }

  #isInPlace(source: Uint8Array, start: number): boolean {
    const bytes = this.#bytes;
    return source.byteOffset + start === bytes.byteOffset + this.#length && source.buffer === bytes.buffer;
  }

  /** At least doubles, so that a message in many small pieces is not copied again for each of them. */
  #grow(needed: number, announced: number, most: number): void {
    const ahead = Math.min(MOST_AHEAD * needed, announced);
    const size = Math.min(Math.max(FIRST_CAPACITY, this.#bytes.length * 2, needed, ahead), most);
    const grown = this.#allocate(size, announced);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function zeros(size: number): Uint8Array {
  return new Uint8Array(size);
}
