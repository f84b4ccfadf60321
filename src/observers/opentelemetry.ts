/**
 * The metrics of observed connections on a meter of `@opentelemetry/api`, an optional peer.
 *
 * @module halyard/observers/opentelemetry
 */

import type { Meter } from "@opentelemetry/api";
import type { Observer } from "../connection/index.js";
import { metricTable, recordersBy } from "./metric-table.js";
import { Tally } from "./tally.js";

/**
 * An observer whose numbers are instruments of an OpenTelemetry meter: `metrics.getMeter("halyard")` of `@opentelemetry/api`, which is
 * yours to install. Names are those for Prometheus with dots, without `_total` at the end, and without the `_milliseconds` or `_bytes` of
 * a histogram, whose unit says so: `halyard.messages.received`, `halyard.handler`. Counters are read when a reader collects; only the
 * histograms are told of each value.
 *
 * @example
 * const server = await serve({ routes, observer: openTelemetryObserver(metrics.getMeter("halyard")) });
 */
export function openTelemetryObserver(meter: Meter): Observer {
  const recorders = recordersBy(({ name, unit, help, bounds }) =>
    meter.createHistogram(dotted(name.replace(/_(?:milliseconds|bytes)$/, "")), {
      description: help,
      unit,
      advice: { explicitBucketBoundaries: [...bounds] },
    }),
  );
  const tally = new Tally(recorders);
  for (const { name, kind, unit, help, read } of metricTable) {
    const options = { description: help, unit };
    const instrument =
      kind === "gauge"
        ? meter.createObservableUpDownCounter(dotted(name), options)
        : meter.createObservableCounter(dotted(name), options);
    instrument.addCallback((result) => {
      for (const { labels, value } of read(tally)) result.observe(value, labels);
    });
  }
  return tally.observer;
}

function dotted(name: string): string {
  return name.replace(/_total$/, "").replaceAll("_", ".");
}
