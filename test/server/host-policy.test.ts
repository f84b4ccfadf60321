import { describe, expect, test } from "vitest";
import type { HttpRequest, ServeOptions, UpgraderOptions } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
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

describe("checkHost of serve()", () => {
  const routes: ServeOptions["routes"] = { "/ws": {} };
  const onRequest: ServeOptions["onRequest"] = (_, response) => response.end("secret");

  /** The answer to a plain request that names `host`. */
  async function answerFor(options: Partial<ServeOptions>, host: string, path = "/"): Promise<string> {
    const { port } = await listening({ routes, onRequest, ...options });
    const raw = await RawSocket.connect(port);
    raw.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return await raw.rest();
  }

  test.each(["/", "/index.js", "/ws"])(
    "stops DNS rebinding of plain HTTP too: %s is answered with 421",
    async (path) => {
      const answer = await answerFor({ checkHost: ["localhost"], static: import.meta.dirname }, "evil.example", path);
      expect(answer).toMatch(
        /^HTTP\/1\.1 421 [^]*This server does not answer for the host named in the Host header.\n/,
      );
      expect(answer).not.toContain("secret");
    },
  );

  test.each(["localhost", "LOCALHOST:8080"])("answers plain HTTP for %s, which is in the list", async (host) => {
    expect(await answerFor({ checkHost: ["localhost"] }, host)).toMatch(/^HTTP\/1\.1 200 [^]*secret/);
  });

  test("answers plain HTTP for any name by default, and for none too", async () => {
    expect(await answerFor({}, "evil.example")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await answerFor({}, "")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await answerFor({ checkHost: ["localhost"] }, "")).toMatch(/^HTTP\/1\.1 421 /);
  });

  test("as a function is asked with what a plain request has; its promise is awaited", async () => {
    const asked: Partial<HttpRequest>[] = [];
    const checkHost = async (hostname: string, { url, host, remote, local }: HttpRequest): Promise<boolean> => {
      asked.push({ url, host, remote, local });
      return await Promise.resolve(hostname === "good.example");
    };
    expect(await answerFor({ checkHost }, "Good.example:1", "/a?b")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await answerFor({ checkHost }, "evil.example")).toMatch(/^HTTP\/1\.1 421 /);
    const address = expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string;
    expect(asked[0]).toEqual({ url: "/a?b", host: "Good.example:1", remote: address, local: address });
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("that %s means 500, and tells onError", async (_, checkHost) => {
    const errors: unknown[] = [];
    const answer = await answerFor({ checkHost, onError: (error) => errors.push(error) }, "localhost");
    expect(answer).toMatch(/^HTTP\/1\.1 500 /);
    expect(answer).not.toContain("secret");
    expect(errors).toMatchObject([{ message: "no" }]);
  });
});
