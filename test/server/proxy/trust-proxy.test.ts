import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import { formatNodeName } from "../../../src/server/proxy/node-name.js";
import { readForwarding, resolveTrustProxy, type TrustProxy } from "../../../src/server/proxy/trust-proxy.js";

interface Seen {
  readonly client: string | undefined;
  readonly secure: boolean;
  readonly host: string | undefined;
}

/** What is believed of `headers` that came from `peer`; `undefined` where nothing is. */
function believed(trustProxy: TrustProxy, headers: IncomingHttpHeaders, peer = "10.0.0.1"): Seen | undefined {
  const trust = resolveTrustProxy(trustProxy);
  const seen = trust === undefined ? undefined : readForwarding(trust, headers, peer, 0);
  if (seen === undefined) return undefined;
  return { ...seen, client: seen.client === undefined ? undefined : formatNodeName(seen.client) };
}

const proxies = ["10.0.0.0/8", "2001:db8:aa::/48"];
const clientOf = (trustProxy: TrustProxy, forwardedFor: string, peer?: string) =>
  believed(trustProxy, { "x-forwarded-for": forwardedFor }, peer)?.client;

describe("X-Forwarded-For from trusted addresses", () => {
  test.each([
    ["a client", "192.0.2.1", "192.0.2.1"],
    ["a client with a port", "192.0.2.1:5000", "192.0.2.1:5000"],
    ["a client behind a second trusted proxy", "192.0.2.1, 10.9.9.9", "192.0.2.1"],
    ["a client behind a trusted proxy with IPv6", "192.0.2.1, 2001:db8:aa::7", "192.0.2.1"],
    ["a client that has written one itself", "127.0.0.1, 192.0.2.1", "192.0.2.1"],
    ["a client that has written a trusted address itself", "10.1.1.1, 192.0.2.1", "192.0.2.1"],
    ["a client that has written garbage itself", '"><script>, , ::, 192.0.2.1', "192.0.2.1"],
    ["a client in the proxies' own network", "10.1.1.1, 10.2.2.2", "10.1.1.1"],
    ["a client with a hidden name", "_abc, 10.2.2.2", "_abc"],
    ["empty entries", ", 192.0.2.1 ,,", "192.0.2.1"],
    ["garbage of a trusted proxy: the proxy itself", "192.0.2.1, nonsense, 10.2.2.2", "10.2.2.2"],
    ["nothing", "", undefined],
  ])("%s", (_what, field, client) => expect(clientOf(proxies, field)).toBe(client));

  test("is not read from others", () => {
    for (const peer of ["192.0.2.9", "11.0.0.1", "2001:db8:bb::1", "::1", "127.0.0.1", ""]) {
      expect(believed(proxies, { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https" }, peer)).toBeUndefined();
    }
  });

  test.each([
    ["loopback", ["127.0.0.1", "127.9.9.9", "::1"], ["10.0.0.1", "128.0.0.1", "::2", ""]],
    ["private", ["10.0.0.1", "172.31.0.1", "192.168.1.1", "fd00::1"], ["172.32.0.1", "127.0.0.1", "2001:db8::1"]],
    ["unix", [""], ["127.0.0.1"]],
    ["192.0.2.7", ["192.0.2.7"], ["192.0.2.8"]],
    ["::ffff:192.0.2.7", ["192.0.2.7"], ["192.0.2.8"]],
    ["0.0.0.0/0", ["192.0.2.7"], ["::1"]],
  ])("%s stands for the addresses that it names", (entry, trusted, others) => {
    const isTrusted = (peer: string) => clientOf([entry], "198.51.100.1", peer) !== undefined;
    expect(trusted.map(isTrusted)).toEqual(trusted.map(() => true));
    expect(others.map(isTrusted)).toEqual(others.map(() => false));
  });
});

describe("a number of proxies", () => {
  test.each([
    [1, "192.0.2.1", "192.0.2.1"],
    [1, "spoofed, 192.0.2.1", "192.0.2.1"],
    [1, "10.0.0.9, 192.0.2.1", "192.0.2.1"],
    [2, "10.0.0.9, 192.0.2.1, 203.0.113.7", "192.0.2.1"],
    [2, "203.0.113.7", "203.0.113.7"],
    [32, "192.0.2.1, 203.0.113.7", "192.0.2.1"],
  ])("%i: of %s the client is %s", (hops, field, client) => expect(clientOf(hops, field, "203.0.113.9")).toBe(client));
});

describe("X-Forwarded-Proto", () => {
  const isSecure = (proto: string | undefined, forwardedFor = "192.0.2.1") =>
    believed(proxies, { "x-forwarded-for": forwardedFor, "x-forwarded-proto": proto })?.secure;

  test.each([
    ["https", true],
    ["HTTPS", true],
    ["wss", true],
    ["http", false],
    ["ws", false],
    ["httpsx", false],
    ["", false],
    [undefined, false],
  ])("%s: %s", (proto, secure) => expect(isSecure(proto)).toBe(secure));

  test("that a client has written itself counts for nothing where the proxy adds its own", () => {
    expect(isSecure("https, http")).toBe(false);
    expect(isSecure("https, https, http")).toBe(false);
  });

  test("is that of the proxy which has seen the client", () => {
    expect(isSecure("http, https, http", "192.0.2.1, 10.2.2.2")).toBe(true);
    expect(isSecure("https", "192.0.2.1, 10.2.2.2")).toBe(true);
  });

  test("is read without X-Forwarded-For", () => {
    expect(believed(proxies, { "x-forwarded-proto": "https" })).toEqual({
      client: undefined,
      secure: true,
      host: undefined,
    });
  });
});

describe("X-Forwarded-Host", () => {
  const hostOf = (host: string, isRead: boolean) =>
    believed({ from: proxies, host: isRead }, { "x-forwarded-for": "192.0.2.1", "x-forwarded-host": host })?.host;

  test("is not read by default", () => expect(hostOf("a.example", false)).toBeUndefined());

  test.each([
    ["a.example", "a.example"],
    ["a.example:8443", "a.example:8443"],
    ["[2001:db8::1]:80", "[2001:db8::1]:80"],
    ["evil.example, a.example", "a.example"],
    ["a.example/path", undefined],
    ["user@a.example", undefined],
    ["a.example:port", undefined],
    ["", undefined],
  ])("%s is %s", (field, host) => expect(hostOf(field, true)).toBe(host));
});

describe("Forwarded (RFC 7239)", () => {
  const options: TrustProxy = { from: proxies, headers: "forwarded", host: true };
  const of = (forwarded: string) => believed(options, { forwarded });

  test.each([
    ["for=192.0.2.43", "192.0.2.43", false, undefined],
    ["for=192.0.2.43;proto=https;host=a.example", "192.0.2.43", true, "a.example"],
    ['for="[2001:db8::17]:4711";proto=http', "[2001:db8::17]:4711", false, undefined],
    ['for=192.0.2.43;proto=https, for="10.0.0.2:80";proto=http', "192.0.2.43", true, undefined],
    ["for=10.0.0.2;proto=https, for=192.0.2.43;proto=http", "192.0.2.43", false, undefined],
    ["for=_hidden;proto=https, for=10.0.0.2", "_hidden", true, undefined],
    ["for=192.0.2.43, for=unknown", "unknown", false, undefined],
    ["proto=https", "unknown", true, undefined],
  ])("%s", (field, client, secure, host) => expect(of(field)).toEqual({ client, secure, host }));

  test("that is malformed says nothing: the client cannot hide behind an open quote what the proxy has added", () => {
    expect(of('for="10.0.0.9;proto=https, for=192.0.2.43')).toEqual({
      client: undefined,
      secure: false,
      host: undefined,
    });
  });

  test("is not read where X-Forwarded is, nor the other way round", () => {
    const headers = { forwarded: "for=192.0.2.1;proto=https", "x-forwarded-for": "192.0.2.2" };
    expect(believed(proxies, headers)).toMatchObject({ client: "192.0.2.2", secure: false });
    expect(believed(options, headers)).toMatchObject({ client: "192.0.2.1", secure: true });
    expect(believed({ from: proxies, headers: "none" }, headers)).toBeUndefined();
  });
});
