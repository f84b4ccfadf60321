import { describe, expect, test } from "vitest";
import type { UpgraderOptions } from "../../src/server/index.js";
import { RawPeer } from "../support/raw-peer.js";
import { startUpgrader } from "../support/upgrade-server.js";

async function statusFor(checkHost: UpgraderOptions["checkHost"], host: string): Promise<number | undefined> {
  const server = await startUpgrader({ checkHost });
  const { response } = await RawPeer.ask(server.port, { headers: { Host: host } });
  return response?.status;
}

describe("checkHost", () => {
  test('lets every name in by default, and by "any"', async () => {
    expect(await statusFor(undefined, "rebound.evil.example")).toBe(101);
    expect(await statusFor("any", "rebound.evil.example:8080")).toBe(101);
  });

  test.each(["example.com", "example.com:8080", "EXAMPLE.COM", "localhost:1", "[::1]", "[::1]:8080", "192.0.2.1:80"])(
    "as a list takes %s",
    async (host) => {
      expect(await statusFor(["Example.com", "localhost", "[::1]", "192.0.2.1"], host)).toBe(101);
    },
  );

  test.each([
    "evil.example",
    "sub.example.com",
    "example.com.evil.example",
    "example.com.",
    "[::2]",
    "::1",
    ":80",
    "[::1",
  ])("as a list stops DNS rebinding: it refuses %s with 421", async (host) => {
    expect(await statusFor(["example.com", "localhost", "[::1]"], host)).toBe(421);
  });

  test("as a function gets the name without its port, in lower case; its promise is awaited", async () => {
    const asked: string[] = [];
    const policy = async (hostname: string): Promise<boolean> => {
      asked.push(hostname);
      return await Promise.resolve(hostname === "example.com");
    };
    expect(await statusFor(policy, "Example.com:8080")).toBe(101);
    expect(await statusFor(policy, "[2001:DB8::1]:8080")).toBe(421);
    expect(asked).toEqual(["example.com", "[2001:db8::1]"]);
  });

  test("comes before checkOrigin and authorize", async () => {
    const server = await startUpgrader({
      checkHost: [],
      checkOrigin: () => {
        throw new Error("asked for the origin");
      },
      authorize: () => {
        throw new Error("asked to authorize");
      },
    });
    const { response } = await RawPeer.ask(server.port, { headers: { Origin: "http://example.com" } });
    expect(response?.status).toBe(421);
    expect(server.refusals).toMatchObject([{ code: "host-not-allowed" }]);
  });
});
