import type { Observer } from "../connection/index.js";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { MILLISECOND_BOUNDS } from "./histogram.js";
import { histogramTable, metricTable, type MetricRow } from "./metric-table.js";
import { Tally } from "./tally.js";

/**
 * An observer whose numbers stand in a registry of prom-client, which is yours to install. Counters are read when the registry
 * is scraped; only the two histograms are told of each value.
 *
 * @throws prom-client's Error where the registry has metrics of these names already: make one observer per registry, and share it.
 * @example
 * const server = await serve({ routes, observer: prometheusObserver(register) });
 */
export function prometheusObserver(registry: Registry): Observer {
  const tally = new Tally();
  for (const row of metricTable) register(row, registry, tally);
  const [roundTrips, handling] = histogramTable.map(
    ({ name, help }) => new Histogram({ name, help, buckets: [...MILLISECOND_BOUNDS], registers: [registry] }),
  );
  return {
    ...tally.observer,
    roundTrip: (_, elapsedMs) => roundTrips?.observe(elapsedMs),
    handled: (_, elapsedMs) => handling?.observe(elapsedMs),
  };
}

function register({ name, help, kind, labels, read }: MetricRow, registry: Registry, tally: Tally): void {
  const setup = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === "gauge") {
    const gauge: Gauge = new Gauge({
      ...setup,
      collect: () => {
        for (const each of read(tally)) gauge.set(each.labels, each.value);
      },
    });
    return;
  }
  const counter: Counter = new Counter({
    ...setup,
    collect: () => {
      counter.reset();
      for (const each of read(tally)) counter.inc(each.labels, each.value);
    },
  });
}
