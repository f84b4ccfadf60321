export type {
  ConnectionCloseEvent,
  ConnectionErrorEvent,
  ConnectionEvent,
  ObservedConnection,
  ObservedFrame,
  ObservedType,
  Observer,
} from "../connection/index.js";
export { Histogram } from "./histogram.js";
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from "./prometheus-text.js";
export { Tally, type Traffic } from "./tally.js";
