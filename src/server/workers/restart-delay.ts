/** A worker that lived so long has started well; what ended it is no matter of starting. */
const STEADY_MS = 10_000;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;

/**
 * How long the place of a worker stays empty: not at all after one that has lived for a while, and twice as long each time that
 * one ends soon after its start, so that a script that cannot run does not keep the machine busy.
 */
export class RestartDelay {
  #nextMs = FIRST_DELAY_MS;

  /** Milliseconds until the next start, after a worker that has lived for `livedMs`. */
  after(livedMs: number): number {
    if (livedMs >= STEADY_MS) {
      this.#nextMs = FIRST_DELAY_MS;
      return 0;
    }
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(2 * delayMs, LONGEST_DELAY_MS);
    return delayMs;
  }
}
