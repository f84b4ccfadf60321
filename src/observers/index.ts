/**
 * Counts what connections do, and prints it for Prometheus.
 *
 * @module halyard/observers
 */

export type {
  ConnectionCloseEvent,
  ConnectionErrorEvent,
  ConnectionEvent,
  ObservedConnection,
  ObservedFrame,
  ObservedType,
  Observer,
} from "../connection/index.js";
export { Histogram, type HistogramCounts } from "./histogram.js";
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from "./prometheus-text.js";
export { type HistogramRecorders, Tally } from "./tally.js";
export { sumOfCounts, type TallyCounts, type Traffic } from "./tally-counts.js";
