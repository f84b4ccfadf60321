import type { HistogramCounts, TallyCounts } from "../observers/index.js";

/** What the status page is told, once a second. Counts are totals: the page makes rates of them. */
export interface StatusReport {
  /** Milliseconds since the process began. */
  readonly uptimeMs: number;
  readonly open: number;
  readonly opened: number;
  readonly queuedBytes: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly handling: Latency;
  readonly roundTrips: Latency;
  readonly closes: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
}

/** Totals, in milliseconds. */
interface Latency {
  readonly count: number;
  readonly sum: number;
}

/** `tally`, or a sum of several, as of now. */
export function statusReport(tally: TallyCounts): StatusReport {
  const { received, sent, open, opened, queuedBytes } = tally;
  return {
    uptimeMs: Math.round(process.uptime() * 1_000),
    open,
    opened,
    queuedBytes,
    messagesReceived: received.text.messages + received.binary.messages,
    messagesSent: sent.text.messages + sent.binary.messages,
    bytesReceived: received.text.bytes + received.binary.bytes,
    bytesSent: sent.text.bytes + sent.binary.bytes,
    handling: latencyOf(tally.handling),
    roundTrips: latencyOf(tally.roundTrips),
    closes: tally.closes,
    errors: tally.errors,
    refusals: tally.refusals,
  };
}

function latencyOf({ count, sum }: HistogramCounts): Latency {
  return { count, sum };
}
