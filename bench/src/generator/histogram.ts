import type { Latency } from "../control/messages.js";

/** Buckets for each power of two: a value is known to 1.6 %. */
const SUB_BUCKETS = 64;
const POWERS = 58;

/** Times in nanoseconds, counted by their highest bit and the six bits below it, as bench/generator/histogram.c does. */
export class Histogram {
  readonly #buckets = new Float64Array(SUB_BUCKETS * POWERS);
  #count = 0;
  #maxNs = 0;

  add(ns: number): void {
    const whole = Math.max(0, Math.round(ns));
    const bucket = bucketOf(whole);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count++;
    if (whole > this.#maxNs) this.#maxNs = whole;
  }

  get count(): number {
    return this.#count;
  }

  /** The time, in microseconds, below which that share of the values lies. */
  quantileUs(share: number): number {
    const rank = Math.floor(share * this.#count);
    let seen = 0;
    for (const [bucket, count] of this.#buckets.entries()) {
      seen += count;
      if (seen > rank) return Math.min(middleOf(bucket), this.#maxNs) / 1000;
    }
    return this.#maxNs / 1000;
  }

  /** The percentiles that are reported. */
  summary(): Latency {
    return {
      p50Us: this.quantileUs(0.5),
      p99Us: this.quantileUs(0.99),
      p999Us: this.quantileUs(0.999),
      maxUs: this.#maxNs / 1000,
    };
  }
}

function bucketOf(ns: number): number {
  if (ns < SUB_BUCKETS) return ns;
  const shift = Math.floor(Math.log2(ns)) - 6;
  return (shift + 1) * SUB_BUCKETS + Math.floor(ns / 2 ** shift) - SUB_BUCKETS;
}

function middleOf(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (SUB_BUCKETS + (bucket % SUB_BUCKETS) + 0.5) * 2 ** shift;
}
