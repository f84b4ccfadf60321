import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createSelfSigned } from "../../../src/cli/self-signed.js";
import {
  type Connection,
  expectProxyProtocol,
  ProxyProtocolError,
  type Refusal,
  type ServeOptions,
  Upgrader,
} from "../../../src/server/index.js";
import { readProxyProtocol } from "../../../src/server/proxy/proxy-protocol.js";
import { timersOf } from "../../support/clocked-meeting.js";
import { FakeClock } from "../../support/fake-clock.js";
import { parseHttpResponse } from "../../support/http-response.js";
import { listening } from "../../support/listening.js";
import { RawPeer } from "../../support/raw-peer.js";
import { RawSocket } from "../../support/raw-socket.js";
import { closeOf, until } from "../../support/turns.js";
import { upgradeRequest } from "../../support/upgrade-request.js";
import { proxyV2, V2_FAMILY } from "../support/proxy-v2.js";

const V1 = "PROXY TCP4 192.0.2.1 203.0.113.9 4711 443\r\n";
const V2 = proxyV2(V2_FAMILY.tcp4, [192, 0, 2, 1, 203, 0, 113, 9, 0x12, 0x67, 1, 0xbb, 0x20, 0, 1, 7]);

/** A server that says to each WebSocket client who it is, and what happened to it. */
async function start(options: Partial<ServeOptions> = {}) {
  const errors: unknown[] = [];
  const refused: [Refusal["code"], string][] = [];
  const server = await listening({
    trustProxy: { from: ["loopback"], proxyProtocol: true },
    routes: { "/": { open: (connection: Connection) => void connection.send(connection.remote), message: () => {} } },
    onRequest: (request, response) => void response.end(`${request.socket.remoteAddress}`),
    onError: (error) => void errors.push(error),
    onRefused: ({ code }, _request, remote) => void refused.push([code, remote]),
    ...options,
  });
  return { server, port: server.port, errors, refused };
}

/** Who the server takes a client to be that begins with `header`. */
async function remoteBehind(port: number, header: string | Uint8Array, headers = {}): Promise<unknown> {
  const raw = await RawSocket.connect(port);
  raw.write(header, upgradeRequest({ headers }));
  return await remoteSaidTo(raw);
}

async function remoteSaidTo(raw: RawSocket): Promise<unknown> {
  const response = await raw.take(parseHttpResponse);
  if (response?.status !== 101) return response?.status;
  return await new RawPeer(raw).hear();
}

describe("PROXY protocol", () => {
  test.each([
    ["version 1", V1],
    ["version 2", V2],
  ])("%s: the client is the one that the proxy names", async (_version, header) => {
    const { port } = await start();
    expect(await remoteBehind(port, header)).toEqual({ text: "192.0.2.1:4711" });
  });

  test("comes in any pieces", async () => {
    const { port } = await start();
    for (const header of [V1, V2]) {
      const raw = await RawSocket.connect(port);
      await raw.drip(header);
      await raw.drip(upgradeRequest());
      expect(await remoteSaidTo(raw)).toEqual({ text: "192.0.2.1:4711" });
    }
  });

  test("stands before plain HTTP, whose handlers see the client as the socket's other end", async () => {
    const { port } = await start();
    const raw = await RawSocket.connect(port);
    raw.write(V2, "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await raw.take(parseHttpResponse)).toMatchObject({ status: 200, body: "192.0.2.1" });
    expect(await raw.take(parseHttpResponse)).toMatchObject({ status: 200, body: "192.0.2.1" });
  });

  test("stands before an offer of another protocol, which is answered as if it were none", async () => {
    const { port } = await start();
    const raw = await RawSocket.connect(port);
    raw.write(V1, "GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    expect(await raw.take(parseHttpResponse)).toMatchObject({ status: 200, body: "192.0.2.1" });
  });

  test.each([
    ["version 1", V1],
    ["version 2", V2],
  ])("%s stands before TLS", async (_version, header) => {
    const { cert, key } = await createSelfSigned(undefined);
    const { port } = await start({ tls: { cert, key } });
    const transport = connectTcp(port, "127.0.0.1");
    await once(transport, "connect");
    transport.write(header);
    const socket = connectTls({ socket: transport, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const raw = new RawSocket(socket, transport);
    raw.write(upgradeRequest());
    expect(await remoteSaidTo(raw)).toEqual({ text: "192.0.2.1:4711" });
  });

  test("before TLS in the same packet as its first bytes", async () => {
    const { cert, key } = await createSelfSigned(undefined);
    const { port } = await start({ tls: { cert, key } });
    const transport = connectTcp(port, "127.0.0.1");
    await once(transport, "connect");
    transport.cork();
    transport.write(V2);
    const socket = connectTls({ socket: transport, rejectUnauthorized: false });
    setImmediate(() => transport.uncork());
    await once(socket, "secureConnect");
    const raw = new RawSocket(socket, transport);
    raw.write(upgradeRequest());
    expect(await remoteSaidTo(raw)).toEqual({ text: "192.0.2.1:4711" });
  });

  test("that names nobody leaves the proxy's address, and its headers are not believed: they are the client's", async () => {
    const { port } = await start();
    const spoof = { "X-Forwarded-For": "198.51.100.1" };
    for (const header of [
      "PROXY UNKNOWN\r\n",
      proxyV2(
        V2_FAMILY.unix,
        Array.from({ length: 216 }, () => 0),
      ),
    ]) {
      expect(await remoteBehind(port, header, spoof)).toEqual({
        text: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
      });
    }
  });

  test("LOCAL is the proxy itself", async () => {
    const { port } = await start();
    const local = proxyV2(V2_FAMILY.unspecified, [], 0x20);
    expect(await remoteBehind(port, local)).toEqual({ text: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown });
  });

  test("does not make a client believed that it names, unless that is a trusted proxy too", async () => {
    const spoof = { "X-Forwarded-For": "198.51.100.1" };
    const one = await start();
    expect(await remoteBehind(one.port, V1, spoof)).toEqual({ text: "192.0.2.1:4711" });
    const two = await start({ trustProxy: { from: ["loopback", "192.0.2.0/24"], proxyProtocol: true } });
    expect(await remoteBehind(two.port, V1, spoof)).toEqual({ text: "198.51.100.1" });
  });

  test("counts as one proxy where they are counted", async () => {
    const spoof = { "X-Forwarded-For": "198.51.100.1, 198.51.100.2" };
    const one = await start({ trustProxy: { from: 1, proxyProtocol: true } });
    expect(await remoteBehind(one.port, V1, spoof)).toEqual({ text: "192.0.2.1:4711" });
    const two = await start({ trustProxy: { from: 2, proxyProtocol: true } });
    expect(await remoteBehind(two.port, V1, spoof)).toEqual({ text: "198.51.100.2" });
  });

  test("limits go by the client that it names", async () => {
    const { port, refused } = await start({ maxConnectionsPerAddress: 1 });
    expect(await remoteBehind(port, V1)).toEqual({ text: "192.0.2.1:4711" });
    expect(await remoteBehind(port, V2)).toBe(429);
    expect(await remoteBehind(port, V1.replace("192.0.2.1", "192.0.2.2"))).toEqual({ text: "192.0.2.2:4711" });
    expect(refused).toEqual([["too-many-connections-from-address", "192.0.2.1:4711"]]);
  });
});

describe("a connection without the header", () => {
  test("of a trusted proxy is dropped, and the owner told what to do", async () => {
    const { port, errors } = await start();
    const raw = await RawSocket.connect(port);
    raw.write(upgradeRequest());
    expect(await raw.rest()).toBe("");
    await until(() => errors.length > 0);
    expect(errors[0]).toBeInstanceOf(ProxyProtocolError);
    expect(errors[0]).toMatchObject({
      code: "malformed-proxy-header",
      remote: `127.0.0.1:${raw.socket.localPort}`,
      message: expect.stringContaining("it does not begin with a PROXY header; have the proxy send it") as unknown,
    });
  });

  test("of anybody else is served as it is, and with one it is no HTTP", async () => {
    const { port } = await start({ trustProxy: { from: ["10.0.0.0/8"], proxyProtocol: true } });
    expect(await remoteBehind(port, "")).toEqual({ text: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown });
    expect(await remoteBehind(port, V1)).toBe(400);
  });

  test("that ends or is reset before it is whole is nobody's fault", async () => {
    const { server, port, errors } = await start();
    for (const leave of ["end", "reset"] as const) {
      const arrived = once(server.http, "connection");
      const raw = await RawSocket.connect(port);
      const [socket] = (await arrived) as [Socket];
      const closed = closeOf(socket);
      raw.write("PROXY ");
      raw[leave]();
      await closed;
    }
    expect(errors).toEqual([]);
  });

  test("is dropped when its time is over", async () => {
    const clock = new FakeClock();
    const http = createServer((_request, response) => void response.end());
    const errors: unknown[] = [];
    const report = (error: unknown): void => void errors.push(error);
    readProxyProtocol(http, { isTrusted: () => true, timeoutMs: 5_000, report, timers: timersOf(clock) });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    onTestFinished(() => void http.close());
    const arrived = once(http, "connection");
    const raw = await RawSocket.connect((http.address() as AddressInfo).port);
    await arrived;
    raw.write("PROXY TCP4 ");
    clock.advance(4_900);
    expect(raw.socket.readyState).toBe("open");
    clock.advance(200);
    await raw.ended;
    expect(errors).toEqual([]);
  });

  test("does not keep the server from stopping", async () => {
    const { server, port } = await start();
    const arrived = once(server.http, "connection");
    const raw = await RawSocket.connect(port);
    await arrived;
    await server.close();
    await raw.ended;
  });
});

test("expectProxyProtocol() serves beside an Upgrader on a server of one's own", async () => {
  const upgrader = new Upgrader();
  const http = createServer();
  http.on("upgrade", (request: IncomingMessage, socket, head: Buffer) => {
    upgrader.serve(request, socket, head, { open: (connection) => void connection.send(connection.remote) });
  });
  expectProxyProtocol(http, { from: ["loopback"] });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(async () => {
    for (const connection of upgrader.connections) connection.terminate();
    await upgrader.close();
    http.close();
  });
  expect(await remoteBehind((http.address() as AddressInfo).port, V2)).toEqual({ text: "192.0.2.1:4711" });
});

test("expectProxyProtocol() refuses a server that would do nothing with a connection", () => {
  expect(() => expectProxyProtocol(createTcpServer(), { from: 1 })).toThrow("nobody listens");
});

test("expectProxyProtocol() says on Bun that it cannot", () => {
  const versions = { ...process.versions, bun: "1.4.5" };
  vi.spyOn(process, "versions", "get").mockReturnValue(versions);
  expect(() => expectProxyProtocol(createServer(), { from: 1 })).toThrow("cannot be read on Bun");
});

test("expectProxyProtocol() says what it does not take", () => {
  expect(() => expectProxyProtocol(createServer(), { from: [] })).toThrow(TypeError);
  expect(() => expectProxyProtocol(createServer(), { from: 1, timeoutMs: 0 })).toThrow(RangeError);
  expect(() => expectProxyProtocol(createServer(), { from: 1, timeout: 1 } as never)).toThrow(
    'has no option "timeout"',
  );
});
