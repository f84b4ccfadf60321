import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/client/index.js";
import type { Observer } from "../../src/connection/index.js";
import { prometheusText, Tally } from "../../src/observers/index.js";
import { openTelemetryObserver } from "../../src/observers/opentelemetry.js";
import { prometheusObserver } from "../../src/observers/prometheus.js";
import { startUpgrader } from "../support/upgrade-server.js";

/** One message goes there and back, and the client closes; another client is refused. */
async function traffic(observer: Observer | readonly Observer[]): Promise<void> {
  const server = await startUpgrader({ observer, checkHost: (host) => host === "127.0.0.1" });
  const client = await connect(`ws://127.0.0.1:${server.port}/`);
  const connection = await server.accepted();
  connection.handle({ message: async (socket, message) => await socket.send(message) });
  await client.send("hello");
  await client.receive();
  await client.close();
  await connection.closed;
  await expect(connect(`ws://localhost:${server.port}/`)).rejects.toMatchObject({ code: "http-status" });
}

/** The samples of a scrape by name and labels; a line that is none fails. */
function parse(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, name, value] = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
      if (name === undefined || Number.isNaN(Number(value))) throw new Error(`no sample: ${line}`);
      return [name, Number(value)];
    }),
  );
}

const expected = {
  halyard_connections_open: 0,
  halyard_queued_bytes: 0,
  halyard_connections_total: 1,
  'halyard_messages_received_total{type="text"}': 1,
  'halyard_bytes_sent_total{type="text"}': 5,
  'halyard_closes_total{code="1000"}': 1,
  'halyard_refusals_total{code="host-not-allowed"}': 1,
  halyard_handler_milliseconds_count: 1,
};

test("prom-client scrapes what the adapter and our own text say, sample by sample, twice the same", async () => {
  const registry = new Registry();
  const tally = new Tally();
  await traffic([prometheusObserver(registry), tally.observer]);
  const scraped = parse(await registry.metrics());
  expect(Object.fromEntries(scraped)).toMatchObject(expected);
  const names = (samples: Map<string, number>): string[] => [...samples.keys()].toSorted();
  expect(names(parse(prometheusText(tally)))).toEqual(names(scraped));
  expect(Object.fromEntries(parse(prometheusText(tally)))).toMatchObject(expected);
  expect(parse(await registry.metrics())).toEqual(scraped);
});

test("a reader of OpenTelemetry collects the same numbers", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  onTestFinished(async () => await provider.shutdown());
  await traffic(openTelemetryObserver(provider.getMeter("halyard")));
  await provider.forceFlush();
  const metrics = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
  const points = metrics.flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, attributes, value })),
  );
  expect(points).toContainEqual({ name: "halyard.connections", attributes: {}, value: 1 });
  expect(points).toContainEqual({ name: "halyard.messages.received", attributes: { type: "text" }, value: 1 });
  expect(points).toContainEqual({ name: "halyard.closes", attributes: { code: "1000" }, value: 1 });
  expect(points).toContainEqual({ name: "halyard.refusals", attributes: { code: "host-not-allowed" }, value: 1 });
  const handler = points.find(({ name }) => name === "halyard.handler");
  expect(handler?.value).toMatchObject({ count: 1 });
});

test("names of OpenTelemetry have no total at the end of a counter, and no unit at that of a histogram", () => {
  const histograms: string[] = [];
  const counters: string[] = [];
  const meter = {
    createHistogram: (name: string) => void histograms.push(name),
    createObservableCounter: (name: string) => ({ addCallback: () => counters.push(name) }),
    createObservableUpDownCounter: () => ({ addCallback: () => {} }),
  };
  openTelemetryObserver(meter as never);
  expect(histograms).toEqual(["halyard.ping.round.trip", "halyard.handler", "halyard.connection.queued"]);
  expect(counters).toContain("halyard.bytes.sent");
  expect(counters.filter((name) => name.endsWith("total"))).toEqual([]);
});
