import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { serve, type Server } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";

/** What a probe of `path` gets. */
async function probe(
  { port }: Server,
  path: string,
  method = "GET",
): Promise<{ status: number; body: string; headers: IncomingMessage["headers"] }> {
  const asked = request({ port, host: "127.0.0.1", path, method, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response), headers: response.headers };
}

describe("health", () => {
  test("answers /healthz and /readyz, to HEAD as well, and nobody keeps the answer", async () => {
    const server = await listening({ health: true });
    expect(await probe(server, "/healthz")).toMatchObject({
      status: 200,
      body: "alive\n",
      headers: { "cache-control": "no-store" },
    });
    expect(await probe(server, "/readyz")).toMatchObject({
      status: 200,
      body: "ready\n",
      headers: { "cache-control": "no-store" },
    });
    expect(await probe(server, "/readyz?from=kubelet", "HEAD")).toMatchObject({ status: 200, body: "" });
    expect(await probe(server, "/readyz", "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect(await probe(server, "/other")).toMatchObject({ status: 404 });
  });

  test("is off by default", async () => {
    for (const health of [undefined, false]) {
      const server = await listening({ health });
      expect(await probe(server, "/healthz")).toMatchObject({ status: 404 });
    }
  });

  test("takes other paths", async () => {
    const server = await listening({ health: { livePath: "/up", readyPath: "/in" } });
    expect(await probe(server, "/up")).toMatchObject({ status: 200, body: "alive\n" });
    expect(await probe(server, "/in")).toMatchObject({ status: 200, body: "ready\n" });
    expect(await probe(server, "/healthz")).toMatchObject({ status: 404 });
  });

  test("is told whatever the Host header says: a probe knows an address only", async () => {
    const server = await listening({ health: true, checkHost: ["a.example"] });
    expect(await probe(server, "/readyz")).toMatchObject({ status: 200 });
    expect(await probe(server, "/")).toMatchObject({ status: 421 });
  });

  test.each([
    ["yes", TypeError],
    [null, TypeError],
    [{ path: "/up" }, TypeError],
    [{ livePath: "up" }, RangeError],
    [{ livePath: "/up?" }, RangeError],
    [{ readyPath: 5 }, RangeError],
    [{ readyPath: "/echo" }, RangeError],
  ])("%j is refused", async (health, type) => {
    await expect(serve({ routes: { "/echo": {} }, health: health as never })).rejects.toThrow(type);
  });
});

describe("close({ drainDelayMs })", () => {
  test("goes on but for the readiness until the delay is over, then closes", async () => {
    const server = await listening({ health: true, routes: { "/": {} } });
    const early = await RawPeer.join(server.port);
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const closing = server.close({ drainDelayMs: 60_000 });
    expect(await probe(server, "/readyz")).toMatchObject({ status: 503, body: "draining\n" });
    expect(await probe(server, "/healthz")).toMatchObject({ status: 200 });
    const late = await RawPeer.join(server.port);
    expect(server.connections.size).toBe(2);
    vi.advanceTimersByTime(59_999);
    expect([...server.connections].map(({ state }) => state)).toEqual(["open", "open"]);
    vi.advanceTimersByTime(1);
    for (const peer of [early, late]) {
      expect(await peer.hear()).toEqual({ close: 1001, reason: "" });
      peer.close(1001);
      peer.raw.end();
    }
    expect(await closing).toEqual({ closed: 2, terminated: 0 });
  });

  test("a second close gets the same promise, and does not cut the delay", async () => {
    const server = await listening({});
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const closing = server.close({ drainDelayMs: 60_000 });
    expect(server.close()).toBe(closing);
    expect(server.http.listening).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(await closing).toEqual({ closed: 0, terminated: 0 });
  });

  test.each([-1, 1.5, Number.NaN])("refuses %s", async (drainDelayMs) => {
    const server = await listening({});
    expect(() => server.close({ drainDelayMs })).toThrow(RangeError);
  });
});
