import { describe, expect, test } from "vitest";
import type { UpgraderOptions } from "../../src/server/index.js";
import { RawPeer } from "../support/raw-peer.js";
import { startUpgrader } from "../support/upgrade-server.js";

/** The status that a page of `origin` gets when it asks for `host`. */
async function statusFor(
  checkOrigin: UpgraderOptions["checkOrigin"],
  origin: string | undefined,
  host = "example.com",
): Promise<number | undefined> {
  const server = await startUpgrader({ checkOrigin });
  const { response } = await RawPeer.ask(server.port, { headers: { Origin: origin, Host: host } });
  server.errors.length = 0;
  return response?.status;
}

describe("RFC 6455 §10.2: by default a page may connect to its own host", () => {
  test.each([
    ["http://example.com", "example.com"],
    ["https://example.com", "example.com"],
    ["http://example.com", "example.com:80"],
    ["https://example.com", "example.com:443"],
    ["http://example.com:8080", "example.com:8080"],
    ["http://example.com", "EXAMPLE.com"],
    ["http://[::1]:8080", "[::1]:8080"],
    ["http://[::1]", "[::1]:80"],
    ["https://[2001:db8::443]", "[2001:db8::443]"],
    ["http://192.0.2.1:8080", "192.0.2.1:8080"],
    ["http://localhost:3000", "localhost:3000"],
  ])("%s to %s", async (origin, host) => {
    expect(await statusFor(undefined, origin, host)).toBe(101);
  });

  test.each([
    ["http://evil.example", "example.com"],
    ["http://evilexample.com", "example.com"],
    ["http://example.com.evil.example", "example.com"],
    ["http://sub.example.com", "example.com"],
    ["http://example.com", "sub.example.com"],
    ["http://example.com:8080", "example.com"],
    ["http://example.com", "example.com:8080"],
    ["http://example.com:8080", "example.com:8081"],
    ["https://example.com", "example.com:80"],
    ["http://example.com", "example.com:443"],
    ["http://[::1]:8080", "[::2]:8080"],
    ["null", "example.com"],
    ["null", "null"],
    ["", "example.com"],
    ["example.com", "example.com"],
    ["file://", "example.com"],
    ["data:text/html,x", "example.com"],
    ["http://", "example.com"],
    ["http://example.com http://evil.example", "example.com"],
  ])("and no other page: %s to %s", async (origin, host) => {
    expect(await statusFor("same-host", origin, host)).toBe(403);
  });

  test("and clients that are no browsers, which send no Origin", async () => {
    expect(await statusFor("same-host", undefined)).toBe(101);
    expect(await statusFor([], undefined)).toBe(101);
    expect(await statusFor(() => false, undefined)).toBe(101);
  });

  test("and a page that may not is told so", async () => {
    const server = await startUpgrader();
    const { response } = await RawPeer.ask(server.port, { headers: { Origin: "http://evil.example" } });
    expect(response).toMatchObject({ status: 403, body: "Pages from this origin may not connect.\n" });
    expect(server.refusals).toMatchObject([{ code: "origin-not-allowed" }]);
  });
});

describe("a list of origins", () => {
  const list = [
    "https://example.com",
    "http://localhost:3000",
    "https://*.apps.example",
    "app://mine",
    "HTTP://CASE.example:80",
  ];

  test.each([
    "https://example.com",
    "https://example.com:443",
    "https://EXAMPLE.com",
    "http://localhost:3000",
    "https://a.apps.example",
    "https://a.b.apps.example",
    "app://mine",
    "http://case.example",
  ])("lets %s in, whatever the host", async (origin) => {
    expect(await statusFor(list, origin, "another.example")).toBe(101);
  });

  test.each([
    "http://example.com",
    "https://example.com:8443",
    "https://sub.example.com",
    "http://localhost",
    "https://apps.example",
    "https://evilapps.example",
    "https://.apps.example.evil.example",
    "http://a.apps.example",
    "https://a.apps.example:8443",
    "app://another",
    "other://mine",
    "null",
    "",
  ])("refuses %s", async (origin) => {
    expect(await statusFor(list, origin, "example.com")).toBe(403);
  });
});

describe("another policy", () => {
  test.each(["http://evil.example", "null", "what?"])('"any" lets %s in', async (origin) => {
    expect(await statusFor("any", origin)).toBe(101);
  });

  test("a function gets the origin as sent and the request; its promise is awaited", async () => {
    const asked: unknown[] = [];
    const policy = async (origin: string, request: { readonly url: string }): Promise<boolean> => {
      asked.push([origin, request.url]);
      return await Promise.resolve(origin === "null");
    };
    expect(await statusFor(policy, "null")).toBe(101);
    expect(await statusFor(policy, "https://example.com")).toBe(403);
    expect(asked).toEqual([
      ["null", "/"],
      ["https://example.com", "/"],
    ]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("oh");
      },
    ],
    ["rejects", () => Promise.reject(new Error("oh"))],
  ])("a function that %s has the client refused with 500", async (_, policy) => {
    expect(await statusFor(policy, "https://example.com")).toBe(500);
  });
});
