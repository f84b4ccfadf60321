import type { HistogramCounts } from "./histogram.js";
import { histogramTable, metricTable, type MetricValue } from "./metric-table.js";
import type { TallyCounts } from "./tally-counts.js";

/** The Content-Type of `prometheusText`. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A tally, or a sum of several, in the text format that Prometheus scrapes, version 0.0.4. */
export function prometheusText(tally: TallyCounts): string {
  const lines: string[] = [];
  for (const { name, kind, help, read } of metricTable) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
    for (const value of read(tally)) lines.push(lineOf(name, value));
  }
  for (const read of ["roundTrips", "handling", "queued"] as const) {
    const { name, help } = histogramTable[read];
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...histogramLines(name, tally[read]));
  }
  return `${lines.join("\n")}\n`;
}

/** Labels are names of codes and types of ours: none needs escaping. */
function lineOf(name: string, { labels, value }: MetricValue): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

function histogramLines(name: string, { bounds, counts, sum, count }: HistogramCounts): string[] {
  let below = 0;
  const buckets = bounds.map((bound, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket{le="${bound}"} ${below}`;
  });
  return [...buckets, `${name}_bucket{le="+Inf"} ${count}`, `${name}_sum ${sum}`, `${name}_count ${count}`];
}
