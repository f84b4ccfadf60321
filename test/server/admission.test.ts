import { describe, expect, test } from "vitest";
import { defer } from "../../src/internal/deferred.js";
import { refuse } from "../../src/server/index.js";
import { Admission } from "../../src/server/admission.js";
import { timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { RawPeer } from "../support/raw-peer.js";
import { until } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";

async function statusFrom(port: number, options: Parameters<typeof RawPeer.ask>[1] = {}): Promise<number | undefined> {
  const { response } = await RawPeer.ask(port, options);
  return response?.status;
}

describe("maxConnections", () => {
  test("refuses one more with 503 and says when to come again", async () => {
    const server = await startUpgrader({ maxConnections: 2 });
    await RawPeer.join(server.port);
    await RawPeer.join(server.port);
    const { response } = await RawPeer.ask(server.port);
    expect(response).toMatchObject({
      status: 503,
      headers: { "retry-after": "1" },
      body: "The server has as many connections as it takes.\n",
    });
    expect(server.refusals).toMatchObject([{ code: "too-many-connections" }]);
    expect(server.upgrader.connections.size).toBe(2);
  });

  test("has a free place again once a connection has closed, however it did", async () => {
    const server = await startUpgrader({ maxConnections: 1 });
    for (const leave of ["close", "reset", "terminate"] as const) {
      const peer = await RawPeer.join(server.port);
      const connection = await server.accepted();
      expect(await statusFrom(server.port)).toBe(503);
      if (leave === "close") peer.close();
      else if (leave === "reset") peer.raw.reset();
      else connection.terminate();
      peer.raw.end();
      await connection.closed;
      expect(server.upgrader.connections.size).toBe(0);
    }
    expect(await statusFrom(server.port)).toBe(101);
  });

  test("has a free place again once a client was refused, for whatever reason", async () => {
    const answers = [
      () => refuse(401),
      () => Promise.reject(new Error("oh")),
      () => {
        asked.resolve();
        return new Promise<undefined>(() => {});
      },
      () => undefined,
    ];
    const asked = defer<void>();
    const clock = new FakeClock();
    const authorize = () => (answers.shift() as () => undefined)();
    const server = await startUpgrader({ maxConnections: 1, authorize }, { timers: timersOf(clock) });
    expect(await statusFrom(server.port, { method: "POST" })).toBe(405);
    expect(await statusFrom(server.port, { headers: { Origin: "null" } })).toBe(403);
    expect(await statusFrom(server.port)).toBe(401);
    expect(await statusFrom(server.port)).toBe(500);
    const late = statusFrom(server.port);
    await asked.promise;
    clock.advance(10_000);
    expect(await late).toBe(408);
    expect(await statusFrom(server.port)).toBe(101);
    server.errors.length = 0;
  });

  test("counts handshakes under way: many slow ones do not slip in together", async () => {
    let asked = 0;
    const server = await startUpgrader({
      maxConnections: 2,
      authorize: () => {
        asked++;
        return until(() => asked === 2).then(() => undefined);
      },
    });
    const statuses = await Promise.all(Array.from({ length: 6 }, () => statusFrom(server.port)));
    expect(statuses.filter((status) => status === 101)).toHaveLength(2);
    expect(statuses.filter((status) => status === 503)).toHaveLength(4);
    expect(asked).toBe(2);
  });
});

describe("maxConnectionsPerAddress", () => {
  test("refuses one more from the same address with 429, and none from another", async () => {
    const server = await startUpgrader({ maxConnectionsPerAddress: 2 });
    const from = (localAddress: string) => statusFrom(server.port, { localAddress });
    expect(await from("127.0.0.1")).toBe(101);
    expect(await from("127.0.0.1")).toBe(101);
    expect(await from("127.0.0.1")).toBe(429);
    expect(await from("127.0.0.2")).toBe(101);
    expect(server.refusals).toMatchObject([{ code: "too-many-connections-from-address" }]);
  });

  test("has a free place again once one of that address has closed", async () => {
    const server = await startUpgrader({ maxConnectionsPerAddress: 1 });
    const peer = await RawPeer.join(server.port);
    const connection = await server.accepted();
    expect(await statusFrom(server.port)).toBe(429);
    peer.raw.reset();
    await connection.closed;
    expect(await statusFrom(server.port)).toBe(101);
    expect(await statusFrom(server.port)).toBe(429);
  });

  test("counts an IPv4 client of a server that listens for both kinds by its IPv4 address", async () => {
    const server = await startUpgrader({ maxConnectionsPerAddress: 1 }, { host: "::" });
    expect(await statusFrom(server.port, { host: "127.0.0.1", localAddress: "127.0.0.1" })).toBe(101);
    expect(await statusFrom(server.port, { host: "::ffff:127.0.0.1" })).toBe(429);
    expect(await statusFrom(server.port, { host: "::1" })).toBe(101);
  });

  const tooMany = "too-many-connections-from-address";

  test.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", tooMany],
    ["2001:db8:1:2::", "2001:db8:1:2:3::4", tooMany],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", undefined],
    ["2001:db8::1", "2001:db8:0:0:5::", tooMany],
    ["2001:db8::1", "2001:db8:0:1::1", undefined],
    ["::1", "::2", tooMany],
    ["::1", "1::1", undefined],
    ["fe80::1%eth0", "fe80::2%eth0", tooMany],
    ["192.0.2.1", "::ffff:192.0.2.1", tooMany],
    ["192.0.2.1", "192.0.2.2", undefined],
    ["192.0.2.1", "::ffff:192.0.2.2", undefined],
  ])("takes an IPv6 /64 as one address: %s and %s", (first, second, verdict) => {
    const admission = new Admission(Infinity, 1);
    expect(admission.enter(first)).toBeUndefined();
    expect(admission.enter(second)).toBe(verdict);
    admission.leave(first);
    expect(admission.enter(second)).toBe(verdict === undefined ? tooMany : undefined);
  });
});
