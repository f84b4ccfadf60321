import { once } from "node:events";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect, ConnectError, type ConnectionHandler } from "../../src/client/index.js";
import { HalyardProcess } from "../support/halyard-process.js";
import { listening } from "../support/listening.js";
import {
  hasDante,
  hasProgram,
  type ProxySettings,
  startDante,
  startMicrosocks,
  startSquid,
  startTinyproxy,
} from "../support/proxy-program.js";
import { RawServer } from "../support/raw-server.js";
import { requirement } from "../support/requirement.js";

const certificate = await createSelfSigned(undefined);
const tls = { ca: certificate.cert };
const echo: ConnectionHandler = { message: (peer, message) => void peer.write(message) };
const sailor = { user: "captain", password: "s3cret" };

interface Kind {
  readonly scheme: string;
  readonly name: string;
  readonly start: (settings?: ProxySettings) => Promise<number>;
}

const kinds: Kind[] = [
  { scheme: "http", name: "tinyproxy", start: startTinyproxy },
  { scheme: "http", name: "squid", start: startSquid },
  { scheme: "https", name: "tinyproxy behind TLS", start: startBehindTls },
  { scheme: "socks5", name: "microsocks", start: startMicrosocks },
  { scheme: "socks5", name: "dante", start: startDante },
];

/** tinyproxy, with TLS before it. */
async function startBehindTls(settings?: ProxySettings): Promise<number> {
  const behind = await startTinyproxy(settings);
  const front = createTlsServer(certificate, (client) => {
    const proxy = connectTcp(behind, settings?.host ?? "127.0.0.1");
    for (const each of [client, proxy]) each.on("error", () => {});
    client.pipe(proxy).pipe(client);
    client.once("close", () => proxy.destroy());
    proxy.once("close", () => client.destroy());
  });
  front.listen(0, settings?.host ?? "127.0.0.1");
  await once(front, "listening");
  onTestFinished(() => void front.close());
  return (front.address() as AddressInfo).port;
}

async function failureOf(url: string, proxy: string): Promise<ConnectError> {
  const error: unknown = await connect(url, { proxy, proxyTls: tls, tls }).catch((reason: unknown) => reason);
  if (!(error instanceof ConnectError)) throw new Error(`no ConnectError: ${inspect(error)}`);
  for (const shown of [error.message, error.stack, inspect(error, { depth: 10, showHidden: true })]) {
    expect(shown).not.toMatch(/s3cret|wr0ng|Y2FwdGFpbj/);
  }
  return error;
}

const found = ["tinyproxy", "microsocks", "squid"].every(hasProgram) && hasDante();
const packages = "tinyproxy-bin microsocks squid dante-server libpam-wrapper";

describe.runIf(requirement("proxy tests: tinyproxy, microsocks, squid, dante", found, `apt-get install ${packages}`))(
  "connect() through a real proxy",
  () => {
    describe.each(kinds)("of $scheme: $name", ({ scheme, name, start }) => {
      test.each([
        ["ws", "without", undefined],
        ["ws", "with", sailor],
        ["wss", "without", undefined],
        ["wss", "with", sailor],
      ])("opens %s %s credentials", async (protocol, _, settings) => {
        const server = await listening({ routes: { "/": echo }, tls: protocol === "wss" ? certificate : undefined });
        const user = settings === undefined ? "" : `${settings.user}:${settings.password}@`;
        const proxy = `${scheme}://${user}127.0.0.1:${await start(settings)}`;
        const options = { proxy, proxyTls: tls, tls };
        await using connection = await connect(`${protocol}://localhost:${server.port}/`, options);
        const long = "x".repeat(1_000_000);
        await connection.send(long);
        expect(await connection.receive()).toBe(long);
        expect((await connection.close(1000, "bye")).clean).toBe(true);
      });

      test("opens wss over IPv6, to the proxy and behind it", async () => {
        const server = await listening({ host: "::1", routes: { "/": echo }, tls: certificate });
        const proxy = `${scheme}://[::1]:${await start({ host: "::1" })}`;
        await using connection = await connect(`wss://[::1]:${server.port}/`, { proxy, proxyTls: tls, tls });
        await connection.send("six");
        expect(await connection.receive()).toBe("six");
      });

      test("rejects with proxy-auth-required for wrong credentials and for none", async () => {
        const port = await start(sailor);
        for (const user of ["captain:wr0ng@", ""]) {
          const error = await failureOf("ws://127.0.0.1:1/", `${scheme}://${user}127.0.0.1:${port}`);
          expect(error.code).toBe("proxy-auth-required");
          const { status } = error.response ?? {};
          if (scheme === "socks5") expect(status).toBeUndefined();
          else expect(status).toBe(user === "" || name === "squid" ? 407 : 401);
        }
      });

      test("rejects with proxy-target-unreachable when nobody listens behind it", async () => {
        const error = await failureOf(
          "wss://127.0.0.1:1/",
          `${scheme}://captain:s3cret@127.0.0.1:${await start(sailor)}`,
        );
        expect(error.code).toBe("proxy-target-unreachable");
      });

      test("leaves nothing open behind it when the attempt is aborted", async () => {
        const server = await RawServer.start();
        const controller = new AbortController();
        const { signal } = controller;
        const proxy = `${scheme}://127.0.0.1:${await start()}`;
        const connecting = connect(server.url, { proxy, proxyTls: tls, signal });
        const failing = expect(connecting).rejects.toMatchObject({ code: "aborted" });
        await server.visitor();
        controller.abort();
        await failing;
        await server.abandoned();
      });
    });

    test.each(kinds.filter(({ name }) => /^(tinyproxy|squid|dante)$/.test(name)))(
      "rejects with proxy-refused when $name does not let it go there",
      async ({ scheme, start }) => {
        const port = await start({ ...sailor, onlyPort: 443 });
        const error = await failureOf("ws://127.0.0.1:1/", `${scheme}://captain:s3cret@127.0.0.1:${port}`);
        expect(error.code).toBe("proxy-refused");
        expect(error.response?.status).toBe(scheme === "socks5" ? undefined : 403);
      },
    );

    test.each(kinds.filter(({ name }) => name === "tinyproxy" || name === "microsocks"))(
      "halyard connect --proxy goes through a proxy of $scheme",
      async ({ scheme, start }) => {
        const server = await listening({ routes: { "/": echo } });
        const proxy = `${scheme}://captain:s3cret@127.0.0.1:${await start(sailor)}`;
        const program = HalyardProcess.start("connect", `ws://127.0.0.1:${server.port}/`, "--proxy", proxy);
        program.endInput("ahoy\n");
        expect(await program.exited).toMatchObject({ code: 0 });
        expect(program.stdout).toBe("ahoy\n");
      },
    );

    test("halyard connect --proxy environment takes HTTP_PROXY, and says what to do about wrong credentials", async () => {
      vi.stubEnv("HTTP_PROXY", `http://captain:wr0ng@127.0.0.1:${await startTinyproxy(sailor)}`);
      vi.stubEnv("NO_PROXY", "");
      onTestFinished(() => void vi.unstubAllEnvs());
      const program = HalyardProcess.start("connect", "ws://127.0.0.1:1/", "--proxy", "environment");
      expect(await program.exited).toMatchObject({ code: 1 });
      expect(program.stderr).toContain("answered 401 Unauthorized; check the user name and the password");
      expect(program.stderr).not.toContain("wr0ng");
    });
  },
);
