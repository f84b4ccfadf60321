import { BYTE_BOUNDS, type HistogramRecorder, MILLISECOND_BOUNDS } from "./histogram.js";
import type { HistogramRecorders } from "./tally.js";
import type { TallyCounts } from "./tally-counts.js";

/** One value of a metric, with its labels. */
export interface MetricValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A number that only grows, or one that goes up and down. */
export interface MetricRow {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly unit: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (tally: TallyCounts) => readonly MetricValue[];
}

/** Every number of a tally, under the name that all adapters give it. */
export const metricTable: readonly MetricRow[] = [
  gauge("halyard_connections_open", "{connection}", "Connections that are open now", ({ open }) => open),
  gauge("halyard_queued_bytes", "By", "Bytes queued that the kernel has not taken", ({ queuedBytes }) => queuedBytes),
  {
    name: "halyard_connections_total",
    kind: "counter",
    unit: "{connection}",
    help: "Connections opened",
    labels: [],
    read: ({ opened }) => [{ labels: {}, value: opened }],
  },
  traffic("halyard_messages_received_total", "Messages received", "received", "messages"),
  traffic("halyard_bytes_received_total", "Payload bytes of them, as on the wire", "received", "bytes"),
  traffic("halyard_messages_sent_total", "Messages queued to be sent", "sent", "messages"),
  traffic("halyard_bytes_sent_total", "Payload bytes of them, as on the wire", "sent", "bytes"),
  counts("halyard_closes_total", "Connections ended, by close code", "closes"),
  counts("halyard_errors_total", "Connections that went wrong, by error code", "errors"),
  counts("halyard_refusals_total", "Upgrades refused, by reason", "refusals"),
  counts("halyard_connect_failures_total", "Connections that connect() could not open, by reason", "connectFailures"),
];

/** A histogram, under the name that all adapters give it. */
export interface HistogramRow {
  readonly name: string;
  readonly unit: string;
  readonly help: string;
  /** Upper bounds of its buckets. */
  readonly bounds: readonly number[];
}

/** The histograms of a tally. */
export const histogramTable: Readonly<Record<keyof HistogramRecorders, HistogramRow>> = {
  roundTrips: {
    name: "halyard_ping_round_trip_milliseconds",
    unit: "ms",
    help: "Time from a ping to its pong",
    bounds: MILLISECOND_BOUNDS,
  },
  handling: {
    name: "halyard_handler_milliseconds",
    unit: "ms",
    help: "Time that handlers take for a message",
    bounds: MILLISECOND_BOUNDS,
  },
  queued: {
    name: "halyard_connection_queued_bytes",
    unit: "By",
    help: "Bytes queued for a connection, looked up once a second for each that is open",
    bounds: BYTE_BOUNDS,
  },
};

/** What takes the values of each histogram, made by `make`. */
export function recordersBy(make: (row: HistogramRow) => HistogramRecorder): HistogramRecorders {
  const { roundTrips, handling, queued } = histogramTable;
  return { roundTrips: make(roundTrips), handling: make(handling), queued: make(queued) };
}

function gauge(name: string, unit: string, help: string, read: (tally: TallyCounts) => number): MetricRow {
  return { name, kind: "gauge", unit, help, labels: [], read: (tally) => [{ labels: {}, value: read(tally) }] };
}

function traffic(name: string, help: string, way: "received" | "sent", what: "messages" | "bytes"): MetricRow {
  return {
    name,
    kind: "counter",
    unit: what === "bytes" ? "By" : "{message}",
    help,
    labels: ["type"],
    read: (tally) => [
      { labels: { type: "text" }, value: tally[way].text[what] },
      { labels: { type: "binary" }, value: tally[way].binary[what] },
    ],
  };
}

function counts(name: string, help: string, which: "closes" | "errors" | "refusals" | "connectFailures"): MetricRow {
  return {
    name,
    kind: "counter",
    unit: "{event}",
    help,
    labels: ["code"],
    read: (tally) => Object.entries(tally[which]).map(([code, value]) => ({ labels: { code }, value })),
  };
}
