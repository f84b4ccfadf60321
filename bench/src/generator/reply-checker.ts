/** The replies that a connection expects: `size` frames of equal length, then from the start again. */
export interface ExpectedReplies {
  readonly size: number;
  readonly replies: Buffer;
  readonly replyHeaderBytes: number;
  readonly replyBytes: number;
}

/** A server answered with something else than what it was sent. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
}

/**
 * Counts whole replies in a stream of bytes cut anywhere.
 *
 * Checks the header of every reply, thus its kind and its length, and compares every byte of one in `compareEvery`.
 */
export class ReplyChecker {
  /** Replies whose every byte was compared so far. */
  compared = 0;

  readonly #expected: ExpectedReplies;
  readonly #compareEvery: number;
  #frame = 0;
  #offset = 0;
  #untilCompared: number;

  constructor(expected: ExpectedReplies, compareEvery: number) {
    this.#expected = expected;
    this.#compareEvery = compareEvery;
    this.#untilCompared = compareEvery - 1;
  }

  /** True when no reply is partly read. */
  get isBetweenReplies(): boolean {
    return this.#offset === 0;
  }

  /** Takes the first `length` bytes of `chunk`; returns how many replies they completed. Throws a ReplyError. */
  take(chunk: Uint8Array, length: number): number {
    const { replyBytes, replyHeaderBytes } = this.#expected;
    let completed = 0;
    let at = 0;
    while (at < length) {
      const checkedBytes = this.#untilCompared === 0 ? replyBytes : replyHeaderBytes;
      const end = Math.min(length, at + replyBytes - this.#offset);
      const checkedEnd = Math.min(end, at + checkedBytes - this.#offset);
      if (checkedEnd > at) this.#compare(chunk, at, checkedEnd);
      this.#offset += end - at;
      at = end;
      if (this.#offset === replyBytes) {
        completed++;
        this.#finishReply();
      }
    }
    return completed;
  }

  #finishReply(): void {
    this.#offset = 0;
    this.#frame = this.#frame + 1 === this.#expected.size ? 0 : this.#frame + 1;
    if (this.#untilCompared === 0) {
      this.compared++;
      this.#untilCompared = this.#compareEvery;
    }
    this.#untilCompared--;
  }

  #compare(chunk: Uint8Array, start: number, end: number): void {
    const { replies, replyBytes } = this.#expected;
    const from = this.#frame * replyBytes + this.#offset;
    if (end - start > 16) {
      if (replies.compare(chunk, start, end, from, from + end - start) === 0) return;
    } else {
      let same = 0;
      while (same < end - start && chunk[start + same] === replies[from + same]) same++;
      if (same === end - start) return;
    }
    const got = Buffer.from(chunk.subarray(start, end)).toString("hex", 0, 32);
    const wanted = replies.toString("hex", from, from + Math.min(end - start, 32));
    throw new ReplyError(`byte ${this.#offset} of a reply on: expected ${wanted}, got ${got}`);
  }
}
