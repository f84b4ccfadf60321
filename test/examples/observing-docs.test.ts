import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, onTestFinished, test, vi } from "vitest";
import { printEnds } from "../../examples/observing/channels.js";
import { askOnce } from "../../examples/observing/opentelemetry.js";
import { observedEcho } from "../../examples/observing/prometheus.js";
import { countedEcho } from "../../examples/observing/tally.js";
import { bytesIn, tracedEcho } from "../../examples/observing/trace.js";
import { EchoPeer } from "../support/echo-peer.js";
import { newFile } from "../support/new-file.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/observing.md");

async function echoOnce(port: number): Promise<void> {
  const peer = await EchoPeer.connect(`ws://127.0.0.1:${port}/echo`);
  expect(await peer.echo("hello")).toBe("hello");
  peer.socket.close(4321);
  await peer.closed;
}

test("docs/observing.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/observing").map((name) => `examples/observing/${name}`);
  expect(doc.blocks.map(({ info }) => info).toSorted()).toEqual(files.toSorted());
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
  for (const link of doc.links()) expect(existsSync(join("docs", link.split("#")[0] ?? "")), link).toBe(true);
});

test("docs/observing.md names every channel that there is, and no other", () => {
  const sources = [
    "src/connection/connection-channels.ts",
    "src/server/server-channels.ts",
    "src/client/connect-channels.ts",
  ];
  const named = (text: string): string[] =>
    [...new Set(Array.from(text.matchAll(/halyard:[a-z]+:[a-z]+/g), String))].toSorted();
  expect(named(doc.text)).toEqual(named(sources.map((file) => readFileSync(file, "utf8")).join("\n")));
});

test("the echo with prom-client is scraped", async () => {
  await using server = await observedEcho(0);
  await echoOnce(server.port);
  const response = await fetch(new URL("/metrics", server.url));
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=/);
  expect(await response.text()).toContain('halyard_messages_received_total{type="text"} 1\n');
});

test("the client with OpenTelemetry is collected", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  onTestFinished(async () => await provider.shutdown());
  await using server = await observedEcho(0);
  expect(await askOnce(`ws://127.0.0.1:${server.port}/echo`, "hello", provider.getMeter("test"))).toBe("hello");
  await provider.forceFlush();
  const metrics = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
  const received = metrics.find(({ descriptor }) => descriptor.name === "halyard.messages.received");
  expect(received?.dataPoints).toMatchObject([{ attributes: { type: "text" }, value: 1 }, { value: 0 }]);
});

test("the tally counts without a library", async () => {
  const { server, text } = await countedEcho(0);
  onTestFinished(async () => void (await server.close()));
  await echoOnce(server.port);
  expect(text()).toContain("halyard_connections_total 1\n");
  expect(text()).toContain('halyard_bytes_sent_total{type="text"} 5\n');
});

test("the subscriber of the channels prints how connections end, until it is stopped", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  const stop = printEnds();
  onTestFinished(stop);
  await using server = await observedEcho(0);
  await echoOnce(server.port);
  await vi.waitFor(() => expect(told.mock.calls).toEqual([[expect.stringMatching(/^\S+ ended with 4321$/)]]));
  stop();
  await echoOnce(server.port);
  await server.close();
  expect(told).toHaveBeenCalledTimes(1);
});

test("the traced echo writes what came in, beside what the tally counts", async () => {
  const file = newFile();
  const { server, trace, tally } = await tracedEcho(file);
  await echoOnce(server.port);
  await server.close();
  await trace.close();
  expect(tally.received.text).toEqual({ messages: 1, bytes: 5 });
  expect(await bytesIn(file)).toBe("hello".length + 2); // and a close code
});
