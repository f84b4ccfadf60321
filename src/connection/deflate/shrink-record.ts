/** Messages in a row that did not shrink before some are sent as they are. */
const PATIENCE = 4;
/** How many are then, before one is tried again; twice as many each time that one does not shrink either. */
const FIRST_SKIP = 16;
const LONGEST_SKIP = 512;
/** A message has shrunk when it has lost this part of its bytes. */
const LEAST_GAIN = 1 / 16;

/**
 * Whether compressing has been worth it lately. Images and what is encrypted do not shrink: after a few of them compression is
 * skipped for a while and then tried again. It counts messages and looks at no clock, so the same messages are always treated
 * alike.
 */
export class ShrinkRecord {
  #misses = 0;
  #skipNext = FIRST_SKIP;
  #toSkip = 0;

  /** Whether the next message is worth a try; asking counts it. */
  admits(): boolean {
    if (this.#toSkip === 0) return true;
    this.#toSkip--;
    return false;
  }

  /** Takes down that a message of `before` bytes was compressed to `after`. */
  note(before: number, after: number): void {
    if (after <= before - before * LEAST_GAIN) {
      this.#misses = 0;
      this.#skipNext = FIRST_SKIP;
      return;
    }
    this.#misses++;
    if (this.#misses < PATIENCE) return;
    this.#toSkip = this.#skipNext;
    this.#skipNext = Math.min(this.#skipNext * 2, LONGEST_SKIP);
  }
}
