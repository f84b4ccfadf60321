/**
 * The metrics of observed connections in a registry of `prom-client`, an optional peer.
 *
 * @module halyard/observers/prometheus
 */

import type { Observer } from "../connection/index.js";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { metricTable, type MetricRow, recordersBy } from "./metric-table.js";
import { Tally } from "./tally.js";

/**
 * An observer whose numbers stand in a registry of prom-client, which is yours to install. Counters are read when the registry
 * is scraped; only the histograms are told of each value.
 *
 * @throws prom-client's Error where the registry has metrics of these names already: make one observer per registry, and share it.
 * @example
 * const server = await serve({ routes, observer: prometheusObserver(register) });
 */
export function prometheusObserver(registry: Registry): Observer {
  const recorders = recordersBy(({ name, help, bounds }) => {
    const histogram = new Histogram({ name, help, buckets: [...bounds], registers: [registry] });
    return { record: (value) => histogram.observe(value) };
  });
  const tally = new Tally(recorders);
  for (const row of metricTable) register(row, registry, tally);
  return tally.observer;
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
