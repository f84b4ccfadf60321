import { inspect } from "node:util";
import { HttpsProxyAgent } from "https-proxy-agent";
import { describe, expect, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect, type ConnectError, type ConnectionHandler } from "../../src/client/index.js";
import { type ConnectProxy, startConnectProxy } from "../support/connect-proxy.js";
import { listening } from "../support/listening.js";
import { RawServer } from "../support/raw-server.js";
import { until } from "../support/turns.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned(undefined);
const tls = { ca: certificate.cert };
const echo: ConnectionHandler = { message: (peer, message) => void peer.write(message) };
const routes = { "/": echo };
const credentials = `Basic ${Buffer.from("captain:s3cret").toString("base64")}`;

function agentOf({ port }: Pick<ConnectProxy, "port">): HttpsProxyAgent<string> {
  return new HttpsProxyAgent(`http://captain:s3cret@127.0.0.1:${port}`);
}

function expectNoCredentials(error: ConnectError): void {
  for (const shown of [error.message, inspect(error, { depth: 10 })]) {
    expect(shown).not.toContain("s3cret");
    expect(shown).not.toContain(credentials);
  }
}

describe("connect() through a proxy, by an agent of https-proxy-agent,", () => {
  test.each([
    ["ws", undefined],
    ["wss", certificate],
  ])("opens %s", async (scheme, serverTls) => {
    const server = await listening({ routes, tls: serverTls });
    const proxy = await startConnectProxy();
    const url = `${scheme}://127.0.0.1:${server.port}/`;
    await using connection = await connect(url, { agent: agentOf(proxy), tls });
    const long = "x".repeat(1_000_000);
    await connection.send(long);
    expect(await connection.receive()).toBe(long);
    expect(proxy.asked).toEqual([`${credentials} CONNECT 127.0.0.1:${server.port}`]);
    expect((await connection.close(1000, "bye")).clean).toBe(true);
  });

  test("loses nothing that the server sends together with its answer", async () => {
    const server = await RawServer.start();
    const proxy = await startConnectProxy();
    const connecting = connect(server.url, { agent: agentOf(proxy) });
    (await server.visitor()).accept({}, Uint8Array.of(0x81, 0x02, 0x68, 0x69));
    expect(await (await connecting).receive()).toBe("hi");
  });

  test.each(["ws", "wss"])("that wants other credentials rejects with its 407, over %s", async (scheme) => {
    const proxy = await startConnectProxy((_, client) => {
      client.end(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nno!\n",
      );
    });
    const error = await connectInVain(`${scheme}://example.com/`, { agent: agentOf(proxy) });
    expect(error).toMatchObject({ code: "http-status", response: { status: 407 } });
    expect(error.message).toContain("a proxy on the way answered 407 Proxy Authentication Required instead of 101");
    expect(error.response?.headers["proxy-authenticate"]).toBe("Basic");
    expectNoCredentials(error);
    expect(proxy.asked).toHaveLength(1);
  });

  test.each(["ws", "wss"])("that will not go there rejects with its status, over %s", async (scheme) => {
    const proxy = await startConnectProxy((_, client) =>
      client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
    );
    const error = await connectInVain(`${scheme}://example.com/`, { agent: agentOf(proxy) });
    expect(error).toMatchObject({ code: "http-status", response: { status: 403 } });
    expectNoCredentials(error);
  });

  test("that hangs up instead of answering rejects with network-failed", async () => {
    const proxy = await startConnectProxy((_, client) => void client.destroy());
    const error = await connectInVain("wss://example.com/", { agent: agentOf(proxy) });
    expect(error.code).toBe("network-failed");
    expect(error.message).toContain("proxy");
    expectNoCredentials(error);
  });

  test("that is not there rejects with connection-refused and its address", async () => {
    const error = await connectInVain("wss://example.com/", { agent: agentOf({ port: 1 }) });
    expect(error.code).toBe("connection-refused");
    expect(error.message).toContain("127.0.0.1:1");
    expectNoCredentials(error);
  });

  test("checks the certificate against the URL's host, not the proxy's", async () => {
    const server = await listening({ routes, tls: certificate });
    const proxy = await startConnectProxy();
    const error = await connectInVain(`wss://127.0.0.1:${server.port}/`, { agent: agentOf(proxy) });
    expect(error.code).toBe("tls-failed");
    expectNoCredentials(error);
  });

  test("that is slow is given up when the signal is aborted; the agent's socket ends when the proxy has answered", async () => {
    const server = await listening({ routes });
    const waiting: (() => void)[] = [];
    const proxy = await startConnectProxy((_request, _client, open) => waiting.push(open));
    const controller = new AbortController();
    const url = `ws://127.0.0.1:${server.port}/`;
    const failing = connectInVain(url, { agent: agentOf(proxy), signal: controller.signal });
    await until(() => waiting.length === 1);
    controller.abort();
    const error = await failing;
    expect(error.code).toBe("aborted");
    expectNoCredentials(error);
    waiting[0]!();
    await until(() => proxy.clients.size === 0);
    expect(server.connections.size).toBe(0);
  });
});
