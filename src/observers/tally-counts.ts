import type { ObservedType } from "../connection/index.js";
import { BYTE_BOUNDS, type HistogramCounts, MILLISECOND_BOUNDS } from "./histogram.js";

/** Messages and their payload bytes, as on the wire. */
export interface Traffic {
  /** How many. */
  readonly messages: number;
  /** Their payload as on the wire. */
  readonly bytes: number;
}

type TrafficByType = Readonly<Record<ObservedType, Traffic>>;
type CountsByLabel = Readonly<Record<string, number>>;

/** What observed connections have done: the numbers of a `Tally`, or the sum of several. */
export interface TallyCounts {
  /** Connections opened since the start. */
  readonly opened: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Bytes queued for all of them that the kernel has not taken. */
  readonly queuedBytes: number;
  /** Messages that have come, by type. */
  readonly received: TrafficByType;
  /** Messages sent, by type. */
  readonly sent: TrafficByType;
  /** How many connections ended with which close code. */
  readonly closes: CountsByLabel;
  /** How many went wrong, by `ConnectionErrorCode`. */
  readonly errors: CountsByLabel;
  /** How many handshakes were refused, by `RefusalCode`. */
  readonly refusals: CountsByLabel;
  /** How many connections of clients were not opened, by `ConnectErrorCode`; `unexpected` where the error is no `ConnectError`. */
  readonly connectFailures: CountsByLabel;
  /** From pings to their pongs, in milliseconds. */
  readonly roundTrips: HistogramCounts;
  /** What the handlers' `message` took, in milliseconds. */
  readonly handling: HistogramCounts;
  /** Bytes queued for one connection at a time, of samples. */
  readonly queued: HistogramCounts;
}

/**
 * The sum of what several have counted, processes for example; of none, zeros. Plain values, which pass between processes by
 * `process.send` and as JSON.
 */
export function sumOfCounts(all: readonly TallyCounts[]): TallyCounts {
  const total = (read: (counts: TallyCounts) => number): number => all.reduce((sum, counts) => sum + read(counts), 0);
  const traffic = (way: "received" | "sent", type: ObservedType): Traffic => ({
    messages: total((counts) => counts[way][type].messages),
    bytes: total((counts) => counts[way][type].bytes),
  });
  return {
    opened: total(({ opened }) => opened),
    open: total(({ open }) => open),
    queuedBytes: total(({ queuedBytes }) => queuedBytes),
    received: { text: traffic("received", "text"), binary: traffic("received", "binary") },
    sent: { text: traffic("sent", "text"), binary: traffic("sent", "binary") },
    closes: sumByLabel(all.map(({ closes }) => closes)),
    errors: sumByLabel(all.map(({ errors }) => errors)),
    refusals: sumByLabel(all.map(({ refusals }) => refusals)),
    connectFailures: sumByLabel(all.map(({ connectFailures }) => connectFailures)),
    roundTrips: sumOfHistograms(
      MILLISECOND_BOUNDS,
      all.map(({ roundTrips }) => roundTrips),
    ),
    handling: sumOfHistograms(
      MILLISECOND_BOUNDS,
      all.map(({ handling }) => handling),
    ),
    queued: sumOfHistograms(
      BYTE_BOUNDS,
      all.map(({ queued }) => queued),
    ),
  };
}

function sumByLabel(all: readonly CountsByLabel[]): CountsByLabel {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [label, count] of Object.entries(counts)) sum[label] = (sum[label] ?? 0) + count;
  }
  return sum;
}

function sumOfHistograms(bounds: readonly number[], all: readonly HistogramCounts[]): HistogramCounts {
  return {
    bounds,
    counts: Array.from({ length: bounds.length + 1 }, (_, index) =>
      all.reduce((sum, { counts }) => sum + (counts[index] ?? 0), 0),
    ),
    sum: all.reduce((total, { sum }) => total + sum, 0),
    count: all.reduce((total, { count }) => total + count, 0),
  };
}
