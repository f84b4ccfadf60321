import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import type { ConnectError, ConnectOptions } from "../../src/client/index.js";
import { connect } from "../../src/client/index.js";
import { readProxy } from "../../src/client/proxy-address.js";
import { askSocksProxy } from "../../src/client/socks-tunnel.js";
import { readTarget } from "../../src/client/target.js";
import { TimerWheel } from "../../src/connection/index.js";
import { startConnectProxy } from "../support/connect-proxy.js";
import { FakeClock } from "../support/fake-clock.js";
import { listening } from "../support/listening.js";
import { RawServer } from "../support/raw-server.js";
import { until } from "../support/turns.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned(undefined);

/** A proxy that does this with the socket of each client; gives its port. */
async function proxyThat(serve: (client: Socket) => void): Promise<number> {
  const server = createServer((client) => {
    client.on("error", () => {});
    serve(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Connects in vain through `user:s3cret` of the proxy at `port`; checks that the password is nowhere to be seen. */
async function refusedBy(port: number, scheme = "http", options: ConnectOptions = {}): Promise<ConnectError> {
  const proxy = `${scheme}://captain:s3cret@127.0.0.1:${port}`;
  const error = await connectInVain("wss://example.com/", { ...options, proxy });
  for (const shown of [error.stack, inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error)]) {
    expect(shown).not.toMatch(/s3cret|Y2FwdGFpbj/);
  }
  return error;
}

describe("connect() with the option proxy", () => {
  test("shows its credentials to the proxy and not to the server behind it", async () => {
    const headers: unknown[] = [];
    const server = await listening({ routes: { "/": (socket) => void headers.push(socket.headers) } });
    const proxy = await startConnectProxy();
    const url = new URL(`http://captain:s3cret@127.0.0.1:${proxy.port}`);
    await using connection = await connect(`ws://127.0.0.1:${server.port}/`, { proxy: url });
    expect(connection.state).toBe("open");
    expect(proxy.asked).toEqual([`Basic Y2FwdGFpbjpzM2NyZXQ= CONNECT 127.0.0.1:${server.port}`]);
    expect(headers).toHaveLength(1);
    expect(JSON.stringify(headers)).not.toMatch(/proxy|captain|Y2FwdGFpbj/i);
  });

  test("loses nothing that comes together with the proxy's answer", async () => {
    const port = await proxyThat((client) => {
      client.once("data", () =>
        client.write("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n"),
      );
    });
    const error = await connectInVain("ws://example.com/", { proxy: `http://127.0.0.1:${port}` });
    expect(error).toMatchObject({ code: "http-status", response: { status: 418 } });
  });

  test.each([
    [407, "proxy-auth-required"],
    [401, "proxy-auth-required"],
    [403, "proxy-refused"],
    [302, "proxy-refused"],
    [500, "proxy-target-unreachable"],
    [504, "proxy-target-unreachable"],
  ])("rejects, when it answers %i, with %s and its answer", async (status, code) => {
    const gone: Promise<unknown>[] = [];
    const proxy = await startConnectProxy((_, client) => {
      gone.push(
        once(
          client.resume().once("end", () => client.end()),
          "close",
        ),
      );
      client.write(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic\r\nLocation: ws://evil/\r\n\r\nbody`);
    });
    const error = await refusedBy(proxy.port, "http", { followRedirects: 5 });
    expect(error).toMatchObject({ code, response: { status, headers: { "proxy-authenticate": "Basic" } } });
    expect(error.message).toContain(`the proxy http://127.0.0.1:${proxy.port} answered ${status}`);
    await Promise.all(gone);
  });

  test("rejects with proxy-unreachable when nobody listens there, or its name has no address", async () => {
    const error = await refusedBy(1);
    expect(error).toMatchObject({ code: "proxy-unreachable", cause: { code: "ECONNREFUSED" } });
    const unknown = await connectInVain("ws://example.com/", { proxy: "http://no-such-host.invalid:3128" });
    expect(unknown).toMatchObject({ code: "proxy-unreachable", cause: { syscall: "getaddrinfo" } });
  });

  test("rejects with proxy-tls-failed when the proxy speaks no TLS, or its certificate is not trusted", async () => {
    const plain = await proxyThat((client) => client.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect((await refusedBy(plain, "https")).code).toBe("proxy-tls-failed");
    const silent = await proxyThat((client) => client.destroy());
    expect((await refusedBy(silent, "https")).code).toBe("proxy-tls-failed");
    const server = await listening({ tls: certificate });
    const error = await refusedBy(server.port, "https", { tls: { ca: certificate.cert } });
    expect(error).toMatchObject({ code: "proxy-tls-failed", cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
  });

  test("rejects with proxy-refused when the proxy hangs up, or answers with something else", async () => {
    const silent = await proxyThat((client) => client.once("data", () => client.destroy()));
    const wordy = await proxyThat((client) => client.once("data", () => client.end("220 ready\r\n")));
    for (const scheme of ["http", "socks5"]) {
      for (const port of [silent, wordy]) expect((await refusedBy(port, scheme)).code).toBe("proxy-refused");
    }
  });

  test.each([
    [[[5, 0xff]], "proxy-auth-required"],
    [
      [
        [5, 2],
        [1, 1],
      ],
      "proxy-auth-required",
    ],
    [
      [
        [5, 2],
        [1, 0],
        [5, 1, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      "proxy-target-unreachable",
    ],
    [
      [
        [5, 2],
        [1, 0],
        [5, 2, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      "proxy-refused",
    ],
    [
      [
        [5, 2],
        [1, 0],
        [5, 4, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      "proxy-target-unreachable",
    ],
    [
      [
        [5, 2],
        [1, 0],
        [5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      "proxy-target-unreachable",
    ],
    [
      [
        [5, 2],
        [1, 0],
        [5, 7, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      "proxy-refused",
    ],
  ])("rejects, when SOCKS5 says %j, with %s", async (answers, code) => {
    const port = await proxyThat((client) => {
      const left = [...answers];
      client.on("data", () => client.write(Uint8Array.from(left.shift() ?? [])));
    });
    const error = await refusedBy(port, "socks5");
    expect(error.code).toBe(code);
    expect(error.response).toBeUndefined();
  });

  test("rejects with proxy-target-unreachable for a name that SOCKS5 cannot say", async () => {
    const port = await proxyThat((client) => client.write(Uint8Array.of(5, 0)));
    const url = `ws://${"a".repeat(300)}.example/`;
    const error = await connectInVain(url, { proxy: `socks5://127.0.0.1:${port}` });
    expect(error.code).toBe("proxy-target-unreachable");
  });

  test("rejects with proxy-package-missing, which says what to install, where the package socks is not", async () => {
    const { target } = readTarget("ws://example.com/");
    const proxy = readProxy("socks5://127.0.0.1:1", "option proxy");
    const missing = () => Promise.reject(new Error("Cannot find package 'socks'"));
    const asking = askSocksProxy(undefined as never, proxy, target, 1000, missing);
    await expect(asking).rejects.toMatchObject({ code: "proxy-package-missing" });
    await expect(asking).rejects.toThrow(/npm install socks$/);
  });

  test.each(["http", "socks5"])("rejects with proxy-timeout when a proxy of %s never answers", async (scheme) => {
    const clock = new FakeClock();
    const clients: Socket[] = [];
    const port = await proxyThat((client) => client.once("data", () => clients.push(client)));
    const timers = new TimerWheel(clock);
    const failing = connectInVain("ws://example.com/", { proxy: `${scheme}://127.0.0.1:${port}` }, timers);
    await until(() => clients.length === 1);
    const gone = once(clients[0]!, "close");
    clients[0]!.resume();
    clock.advance(10_500);
    const error = await failing;
    expect(error.code).toBe("proxy-timeout");
    expect(error.message).toContain("the proxy had not opened the way to the server yet");
    await gone;
  });

  test.each(["http", "socks5"])("leaves a proxy of %s at once when the signal is aborted", async (scheme) => {
    const clients: Socket[] = [];
    const port = await proxyThat((client) => client.once("data", () => clients.push(client)));
    const controller = new AbortController();
    const proxy = `${scheme}://127.0.0.1:${port}`;
    const failing = connectInVain("ws://example.com/", { proxy, signal: controller.signal });
    await until(() => clients.length === 1);
    const gone = once(clients[0]!, "close");
    clients[0]!.resume();
    controller.abort();
    expect((await failing).code).toBe("aborted");
    await gone;
  });

  test("asks the environment anew for each server that redirects", async () => {
    const first = await RawServer.start();
    const second = await listening({ routes: { "/": () => {} } });
    void first.answerAll(
      () => `HTTP/1.1 302 Found\r\nLocation: ws://localhost:${second.port}/\r\nContent-Length: 0\r\n\r\n`,
    );
    const proxy = await startConnectProxy();
    vi.stubEnv("http_proxy", `captain:s3cret@127.0.0.1:${proxy.port}`);
    vi.stubEnv("no_proxy", "localhost");
    onTestFinished(() => void vi.unstubAllEnvs());
    await using connection = await connect(first.url, { proxy: "environment", followRedirects: 1 });
    expect(connection.url).toBe(`ws://localhost:${second.port}/`);
    expect(proxy.asked).toHaveLength(1);
    await using direct = await connect(`ws://127.0.0.1:${second.port}/`);
    expect(direct.state).toBe("open");
    expect(proxy.asked).toHaveLength(1); // the environment is asked only by who says so
  });

  test("stands alone: an agent or a dial beside it is refused", async () => {
    const dial = () => new Promise<never>(() => {});
    await expect(connect("ws://127.0.0.1:1/", { dial, proxy: "environment" })).rejects.toThrow(
      "option proxy stands instead of options agent and dial; give one of them",
    );
  });
});
