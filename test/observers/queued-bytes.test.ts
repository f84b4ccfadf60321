import { expect, onTestFinished, test, vi } from "vitest";
import type { ObservedConnection } from "../../src/connection/index.js";
import { prometheusText, sumOfCounts, Tally, type TallyCounts } from "../../src/observers/index.js";
import { liveBytes } from "../support/live-bytes.js";
import { nextTurn } from "../support/turns.js";

function connectionWith(bufferedBytes: number): ObservedConnection {
  return { bufferedBytes } as ObservedConnection;
}

/** A clock that the test moves. */
function useClock(): void {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
}

const info = { code: 1000, reason: "", by: "us", clean: true, error: undefined } as const;

test("once a second a tally looks how much is queued for each open connection, and for none without a timer", () => {
  useClock();
  const tally = new Tally();
  const [idle, slow] = [connectionWith(0), connectionWith(100_000)];
  expect(vi.getTimerCount()).toBe(0);
  tally.observer.opened?.(idle);
  tally.observer.opened?.(slow);
  expect(vi.getTimerCount()).toBe(1);
  expect(tally.queued.count).toBe(0);
  vi.advanceTimersByTime(3_000);
  expect(tally.queued).toMatchObject({ count: 6, sum: 300_000 });
  const text = prometheusText(tally);
  expect(text).toContain('halyard_connection_queued_bytes_bucket{le="0"} 3\n');
  expect(text).toContain('halyard_connection_queued_bytes_bucket{le="65536"} 3\n');
  expect(text).toContain('halyard_connection_queued_bytes_bucket{le="262144"} 6\n');
  tally.observer.closed?.(slow, info);
  vi.advanceTimersByTime(1_000);
  expect(tally.queued).toMatchObject({ count: 7, sum: 300_000 });
  tally.observer.closed?.(idle, info);
  expect(vi.getTimerCount()).toBe(0);
});

test("of many connections a thousand have their turn each second, whoever comes and goes", () => {
  useClock();
  const seen: unknown[] = [];
  const ignore = { record: () => {} };
  const tally = new Tally({ roundTrips: ignore, handling: ignore, queued: { record: (bytes) => seen.push(bytes) } });
  const connections = Array.from({ length: 2_500 }, (_, i) => connectionWith(i));
  for (const connection of connections) tally.observer.opened?.(connection);
  vi.advanceTimersByTime(1_000);
  expect(seen).toEqual(connections.slice(0, 1_000).map(({ bufferedBytes }) => bufferedBytes));
  tally.observer.closed?.(connections[1_000] as ObservedConnection, info);
  tally.observer.opened?.(connectionWith(9_999));
  vi.advanceTimersByTime(2_000);
  expect(seen).toHaveLength(3_000);
  expect(seen.slice(1_000, 2_499)).toEqual(connections.slice(1_001).map(({ bufferedBytes }) => bufferedBytes));
  expect(seen.slice(2_499, 2_501)).toEqual([9_999, 0]);
});

test("the counts of several add up, label by label and bucket by bucket, and pass between processes", () => {
  useClock();
  const counts = [1, 2].map((messages) => {
    const tally = new Tally();
    const connection = connectionWith(5);
    tally.observer.opened?.(connection);
    for (let i = 0; i < messages; i++) tally.observer.received?.(connection, "text", 10);
    tally.observer.handled?.(connection, messages);
    vi.advanceTimersByTime(1_000);
    tally.observer.refused?.(messages === 1 ? "host-not-allowed" : "origin-not-allowed");
    tally.observer.closed?.(connection, info);
    tally.observer.opened?.(connection);
    return JSON.parse(JSON.stringify(tally.snapshot())) as TallyCounts; // as process.send passes it
  });
  const sum = sumOfCounts(counts);
  expect(sum).toMatchObject({ opened: 4, open: 2, queuedBytes: 10, received: { text: { messages: 3, bytes: 30 } } });
  expect(sum.closes).toEqual({ 1000: 2 });
  expect(sum.refusals).toEqual({ "host-not-allowed": 1, "origin-not-allowed": 1 });
  expect(sum.handling).toMatchObject({ count: 2, sum: 3 });
  const text = prometheusText(sum);
  expect(text).toContain('halyard_handler_milliseconds_bucket{le="1"} 1\n');
  expect(text).toContain('halyard_handler_milliseconds_bucket{le="2.5"} 2\n');
  expect(text.split("\n")).toHaveLength(prometheusText(sumOfCounts([])).split("\n").length + 3); // a label each
});

/** Connections that come and go `count` times, several at a time: which of them are there still, once garbage is collected. */
function visits(tally: Tally, count: number): () => Promise<ObservedConnection[]> {
  const visitors: WeakRef<ObservedConnection>[] = [];
  for (let visit = 0; visit < count; visit++) {
    const together = Array.from({ length: 20 }, () => connectionWith(0));
    for (const each of together) tally.observer.opened?.(each);
    for (const each of together) tally.observer.closed?.(each, info);
    visitors.push(...together.map((each) => new WeakRef(each)));
  }
  return async () => {
    await nextTurn(); // what has been looked at is there until then
    liveBytes();
    return visitors.flatMap((each) => each.deref() ?? []);
  };
}

test("of connections that come and go within a second, a tally keeps none when they have gone", async () => {
  useClock();
  const tally = new Tally();
  const left = visits(tally, 100);
  expect(await left()).toEqual([]);
  expect(tally.opened).toBe(2_000);
});

test("nor longer than a second while others stay", async () => {
  useClock();
  const tally = new Tally();
  tally.observer.opened?.(connectionWith(0));
  const left = visits(tally, 100);
  expect((await left()).length).toBeGreaterThan(0); // or this would show nothing
  vi.advanceTimersByTime(1_000);
  expect(await left()).toEqual([]);
  expect(tally.opened).toBe(2_001);
});
