import { get } from "node:http";
import { describe, expect, test } from "vitest";
import type { UpgraderOptions, UpgradeRequest } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { startUpgrader } from "../support/upgrade-server.js";

type Headers = Readonly<Record<string, string>>;

/** How a client that says this of itself is seen, and what is answered. */
async function seenAs(options: UpgraderOptions, headers: Headers) {
  let seen: Pick<UpgradeRequest, "remote" | "secure" | "host"> | undefined;
  const refused: string[] = [];
  const server = await startUpgrader({
    onRefused: (_refusal, _request, remote) => void refused.push(remote),
    ...options,
    authorize: ({ remote, secure, host }) => void (seen = { remote, secure, host }),
  });
  const { response, raw } = await RawPeer.ask(server.port, { headers: { Host: "a.example", ...headers } });
  const remote = response?.status === 101 ? (await server.accepted()).remote : undefined;
  return { status: response?.status, remote, seen, refused, own: `127.0.0.1:${raw.socket.localPort}` };
}

const spoof: Headers = {
  "X-Forwarded-For": "192.0.2.1",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "b.example",
  Forwarded: "for=192.0.2.2;proto=https;host=c.example",
};

describe("without trustProxy", () => {
  test.each([undefined, false, ["10.0.0.0/8"]] as const)(
    "%j: what a client says of itself counts for nothing",
    async (trustProxy) => {
      const { remote, seen, own } = await seenAs({ trustProxy }, spoof);
      expect(remote).toBe(own);
      expect(seen).toEqual({ remote: own, secure: false, host: "a.example" });
    },
  );
});

describe("behind a trusted proxy", () => {
  test("the client is the one that the proxy names", async () => {
    const { remote, seen } = await seenAs({ trustProxy: ["loopback"] }, spoof);
    expect(remote).toBe("192.0.2.1");
    expect(seen).toEqual({ remote: "192.0.2.1", secure: true, host: "a.example" });
  });

  test("Forwarded is read where it is asked for, and the host", async () => {
    const { remote, seen } = await seenAs({ trustProxy: { from: 1, headers: "forwarded", host: true } }, spoof);
    expect(remote).toBe("192.0.2.2");
    expect(seen).toEqual({ remote: "192.0.2.2", secure: true, host: "c.example" });
  });

  test("onRefused hears who it was", async () => {
    const { status, refused } = await seenAs({ trustProxy: 1 }, { ...spoof, Origin: "https://evil.example" });
    expect({ status, refused }).toEqual({ status: 403, refused: ["192.0.2.1"] });
  });
});

describe("maxConnectionsPerAddress behind a trusted proxy", () => {
  test("counts clients, whatever they put before what the proxy adds", async () => {
    const server = await startUpgrader({ trustProxy: ["loopback"], maxConnectionsPerAddress: 1 });
    const statusFor = async (forwardedFor: string) =>
      (await RawPeer.ask(server.port, { headers: { "X-Forwarded-For": forwardedFor } })).response?.status;
    expect(await statusFor("192.0.2.1")).toBe(101);
    expect(await statusFor("203.0.113.5, 192.0.2.1")).toBe(429);
    expect(await statusFor("192.0.2.1:9999")).toBe(429);
    expect(await statusFor("::ffff:192.0.2.1")).toBe(429);
    expect(await statusFor("192.0.2.2")).toBe(101);
    expect(await statusFor("2001:db8::1")).toBe(101);
    expect(await statusFor("2001:0DB8:0::2")).toBe(429);
    const closed = [...server.upgrader.connections].map((connection) => {
      connection.terminate();
      return connection.closed;
    });
    await Promise.all(closed);
    expect(await statusFor("192.0.2.1")).toBe(101);
  });
});

describe("the check of the origin behind a trusted proxy", () => {
  const statusFor = async (trustProxy: UpgraderOptions["trustProxy"], headers: Headers) =>
    (await seenAs({ trustProxy }, headers)).status;

  test.each([
    ["https", "https://a.example", 101],
    ["http", "http://a.example", 101],
    ["https", "http://a.example", 403], // anybody in between could have written this page
    ["http", "https://a.example", 101], // some proxy further out ends TLS and is not heard of
  ])("%s: a page of %s gets %i", async (proto, origin, status) => {
    expect(await statusFor(["loopback"], { "X-Forwarded-Proto": proto, Origin: origin })).toBe(status);
  });

  test("goes by the host that the proxy names, where that is believed", async () => {
    const headers = { Host: "127.0.0.1:8080", "X-Forwarded-Host": "a.example", Origin: "https://a.example" };
    expect(await statusFor({ from: 1, host: true }, headers)).toBe(101);
    expect(await statusFor({ from: 1, host: false }, headers)).toBe(403);
    expect(await statusFor(false, headers)).toBe(403);
  });
});

test("checkHost of plain HTTP gets the client and the host that a trusted proxy names", async () => {
  const seen: unknown[] = [];
  const server = await listening({
    trustProxy: { from: 1, host: true },
    checkHost: (hostname, { remote, secure }) => seen.push({ hostname, remote, secure }) > 0,
  });
  await new Promise<void>((resolve, reject) => {
    get(server.url, { headers: spoof }, (response) => response.resume().once("end", resolve)).once("error", reject);
  });
  expect(seen).toEqual([{ hostname: "b.example", remote: "192.0.2.1", secure: true }]);
});
