/** Parts of a token that are counted: so many that a rate per second is a whole number of them per millisecond. */
const PARTS = 1_000;

/**
 * Lets through `perSecond` tokens a second, and as many at once as have been saved up. Whole numbers throughout, so nothing is
 * lost to rounding however often it is asked.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #level: number;
  #filledAtMs: number;

  /** @param burst tokens that are saved up at most; a bucket begins full */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#most = burst * PARTS;
    this.#level = this.#most;
    this.#filledAtMs = Math.floor(nowMs);
  }

  /** Whether not one token is left. */
  get isEmpty(): boolean {
    return this.#level < PARTS;
  }

  /** Whether more was taken than there was. */
  get isInDebt(): boolean {
    return this.#level < 0;
  }

  /** Milliseconds until there is a token again, as of the last fill. */
  get msUntilToken(): number {
    return this.isEmpty ? Math.ceil((PARTS - this.#level) / this.#perSecond) : 0;
  }

  /** Takes tokens, also those that are not there: the debt is paid by what comes. */
  take(tokens: number): void {
    this.#level -= tokens * PARTS;
  }

  /** Adds what has come since the last fill, as far as it is saved up. */
  fill(nowMs: number): void {
    const most = Math.max(this.#level, this.#most);
    this.credit(nowMs);
    this.#level = Math.min(this.#level, most);
  }

  /** Adds all that has come since the last fill: time in which nothing was taken from the other side is not lost to it. */
  credit(nowMs: number): void {
    const wholeMs = Math.floor(nowMs);
    if (wholeMs <= this.#filledAtMs) return;
    this.#level += (wholeMs - this.#filledAtMs) * this.#perSecond;
    this.#filledAtMs = wholeMs;
  }
}
