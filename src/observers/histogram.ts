/** Upper bounds in milliseconds: from a tenth, which is a handler's, to ten seconds, which is a bad network's. */
export const MILLISECOND_BOUNDS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000,
];

/** Upper bounds in bytes: from nothing to 64 MiB. */
export const BYTE_BOUNDS: readonly number[] = [
  0,
  ...[1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536].map((kibibytes) => kibibytes * 1_024),
];

/** Values counted by upper bounds. */
export interface HistogramCounts {
  /** The upper bounds of the buckets, ascending; one more bucket has what is above the last. */
  readonly bounds: readonly number[];
  /** One for each bound and one for what is above all; not added up. */
  readonly counts: readonly number[];
  /** All recorded values added up. */
  readonly sum: number;
  /** How many values were recorded. */
  readonly count: number;
}

/** Takes the values of a histogram one by one. */
export interface HistogramRecorder {
  record(value: number): void;
}

/** Counts values by upper bounds, as Prometheus does. */
export class Histogram implements HistogramCounts, HistogramRecorder {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[] = MILLISECOND_BOUNDS) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** Counts a value in its bucket. */
  record(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] as number)) index++;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
    this.count++;
  }
}
