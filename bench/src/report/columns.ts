import type { FigureName } from "../measurement.js";
import type { BaselineId } from "../peers/catalogue.js";
import type { Summary } from "../statistics.js";
import type { Workload } from "../workloads.js";
import type { PeerResults } from "./results.js";

/** A column of a table: its head, and what it says of a peer; `undefined` where nothing is known. */
export interface Column {
  readonly head: string;
  readonly cell: (results: PeerResults) => string | undefined;
}

type Format = (value: number) => string;

/** What is shown of a workload. */
export function columnsOf(workload: Workload): readonly Column[] {
  switch (workload.kind) {
    case "echo":
      return workload.loadShare === undefined ? loadColumns("message") : latencyColumns;
    case "client":
      return loadColumns("message", "client");
    case "broadcast":
      return loadColumns("delivery");
    case "handshakes":
      return loadColumns("handshake");
    case "idle":
    case "idle-client":
      return [
        figure("KiB per connection", "bytesPerConnection", (bytes) => (bytes / 1024).toFixed(1)),
        ratio("÷ ws", "ws", "bytesPerConnection"),
        ratio("÷ uWS", "uwebsockets", "bytesPerConnection"),
        median("RSS, MiB", "rssBytes", mebibytes),
      ];
    case "start-up":
      return [
        figure("listening after, ms", "listeningMs", thousands),
        figure("first echo after, ms", "firstEchoMs", thousands),
        ratio("÷ ws", "ws", "firstEchoMs"),
        median("RSS, MiB", "rssBytes", mebibytes),
      ];
  }
}

function loadColumns(unit: string, tested = "server"): readonly Column[] {
  return [
    figure(`${unit === "delivery" ? "deliveries" : `${unit}s`}/s`, "messagesPerSecond", thousands),
    figure(`CPU per ${unit}, µs`, "cpuUs", decimals),
    median("user", "userUs", decimals),
    median("system", "systemUs", decimals),
    ratio("rate ÷ ws", "ws", "messagesPerSecond"),
    ratio("CPU ÷ ws", "ws", "cpuUs"),
    ratio("rate ÷ uWS", "uwebsockets", "messagesPerSecond"),
    ratio("CPU ÷ uWS", "uwebsockets", "cpuUs"),
    median("p99, ms", "p99Us", milliseconds),
    median("RSS, MiB", "rssBytes", mebibytes),
    median("garbage collection, µs", "garbageUs", decimals),
    median("heap allocated, B", "allocatedBytes", thousands),
    median(`${tested} busy`, "testedShare", percent),
    median(tested === "client" ? "server busy" : "generator busy", "otherShare", percent),
  ];
}

const latencyColumns: readonly Column[] = [
  figure("messages/s", "messagesPerSecond", thousands),
  figure("p50, µs", "p50Us", thousands),
  figure("p99, µs", "p99Us", thousands),
  figure("p99.9, µs", "p999Us", thousands),
  ratio("p99 ÷ ws", "ws", "p99Us"),
  figure("CPU per message, µs", "cpuUs", decimals),
  ratio("CPU ÷ ws", "ws", "cpuUs"),
  median("server busy", "testedShare", percent),
  median("generator busy", "otherShare", percent),
];

function figure(head: string, name: FigureName, format: Format): Column {
  return { head, cell: ({ summary }) => withRange(summary[name], format) };
}

function median(head: string, name: FigureName, format: Format): Column {
  return {
    head,
    cell: ({ summary }) => {
      const value = summary[name];
      return value === undefined ? undefined : format(value.median);
    },
  };
}

function ratio(head: string, baseline: BaselineId, name: FigureName): Column {
  return { head, cell: ({ ratios }) => withRange(ratios[baseline]?.[name], decimals) };
}

function withRange(summary: Summary | undefined, format: Format): string | undefined {
  if (summary === undefined) return undefined;
  const [low, high] = [format(summary.min), format(summary.max)];
  return low === high ? format(summary.median) : `${format(summary.median)} (${low} to ${high})`;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function decimals(value: number): string {
  return value.toFixed(2);
}

function milliseconds(us: number): string {
  return (us / 1000).toFixed(2);
}

function mebibytes(bytes: number): string {
  return Math.round(bytes / 2 ** 20).toString();
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}
