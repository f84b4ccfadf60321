import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { refuse, serve, type ServeOptions } from "../../src/server/index.js";
import { parseHttpResponse } from "../support/http-response.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { upgradeRequest } from "../support/upgrade-request.js";

const routes: ServeOptions["routes"] = {
  "/echo": { message: (socket, message) => socket.write(message) },
  "/shout": { message: (socket, message) => socket.write(String(message).toUpperCase()) },
};

describe("a route", () => {
  test("serves the WebSockets at its path, with any query", async () => {
    const { port } = await listening({ routes });
    for (const [path, answer] of [
      ["/echo", "hello"],
      ["/shout", "HELLO"],
      ["/shout?volume=11", "HELLO"],
      ["/shout?", "HELLO"],
    ] as const) {
      const peer = await RawPeer.join(port, { path });
      peer.say("hello");
      expect(await peer.hear()).toEqual({ text: answer });
    }
  });

  test("RFC 6455 §4.2.1 (1): is found by an absolute URI too", async () => {
    const { port } = await listening({ routes });
    for (const path of ["http://example.com/shout?a=1", "https://example.com:8443/shout"]) {
      const peer = await RawPeer.join(port, { path });
      peer.say("hello");
      expect(await peer.hear()).toEqual({ text: "HELLO" });
    }
  });

  test.each(["/", "/echo/", "/ECHO", "//echo", "/echo/../shout", "/toString", "/__proto__", "/constructor", "*"])(
    "is found by nothing else: %s is refused with 404, which the client can read",
    async (path) => {
      const { port } = await listening({ routes });
      const { response } = await RawPeer.ask(port, { path });
      expect(response).toMatchObject({ status: 404, body: "There is no WebSocket at this path.\n" });
    },
  );

  test("answers plain HTTP with 426 and says what to upgrade to", async () => {
    const { url } = await listening({ routes });
    const response = await fetch(new URL("/echo?a=1", url));
    expect(response.status).toBe(426);
    expect(await response.text()).toBe("This path speaks WebSocket: connect with ws:// or wss://\n");
    expect(response.headers.get("upgrade")).toBe("websocket");
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("is served under all the options of an upgrader", async () => {
    const refused: string[] = [];
    const { port } = await listening({
      routes,
      subprotocols: ["v1"],
      authorize: ({ url }) => (url.includes("secret") ? undefined : refuse(401)),
      onRefused: ({ code }) => refused.push(code),
    });
    expect((await RawPeer.ask(port, { path: "/echo" })).response?.status).toBe(401);
    expect((await RawPeer.ask(port, { path: "/nowhere" })).response?.status).toBe(404);
    const { response } = await RawPeer.ask(port, {
      path: "/echo?secret",
      headers: { "Sec-WebSocket-Protocol": "v1" },
    });
    expect(response).toMatchObject({ status: 101, headers: { "sec-websocket-protocol": "v1" } });
    expect(refused).toEqual(["not-authorized", "no-such-route"]);
  });
});

describe("other plain HTTP", () => {
  test("is answered with 404", async () => {
    const { url } = await listening({ routes });
    const response = await fetch(new URL("/nowhere", url));
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("Not found\n");
  });

  test("goes to onRequest, routes excepted", async () => {
    const { url } = await listening({
      routes,
      onRequest: (request, response) => response.end(`${request.method} ${request.url}`),
    });
    const posted = await fetch(new URL("/api?x=1", url), { method: "POST" });
    expect(await posted.text()).toBe("POST /api?x=1");
    expect((await fetch(new URL("/echo", url))).status).toBe(426);
  });
});

describe("serve", () => {
  test("resolves with a server that says where it listens", async () => {
    const server = await listening({ routes });
    expect(server.port).toBe((server.http.address() as AddressInfo).port);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`);
    const onAll = await listening({ routes, host: undefined });
    expect(onAll.url).toBe(`http://localhost:${onAll.port}/`);
    const onIpv6 = await listening({ routes, host: "::1" });
    expect(onIpv6.url).toBe(`http://[::1]:${onIpv6.port}/`);
    expect((await fetch(onIpv6.url)).status).toBe(404);
  });

  test("listens on IPv4 and IPv6 by default", async () => {
    const { port } = await listening({ routes, host: undefined });
    for (const host of ["127.0.0.1", "::1"]) {
      const peer = await RawPeer.join(port, { host, path: "/echo" });
      peer.say(host);
      expect(await peer.hear()).toEqual({ text: host });
    }
  });

  test("rejects with EADDRINUSE when the port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    await expect(serve({ port, host: "127.0.0.1", routes })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  test("rejects with Node's error for an address that is not ours", async () => {
    await expect(serve({ host: "192.0.2.1", routes })).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
  });

  test.each([
    ["port", { port: 65_536 }, RangeError],
    ["port", { port: -1 }, RangeError],
    ["port", { port: "8080" }, TypeError],
    ["maxMessageBytes", { maxMessageBytes: 0 }, RangeError],
    ["handshakeTimeoutMs", { handshakeTimeoutMs: 0 }, RangeError],
    ["static", { static: "/no/such/folder" }, TypeError],
    ["static", { static: import.meta.filename }, TypeError],
    ["static", { static: 5 }, TypeError],
    ["onRequest", { onRequest: "x" }, TypeError],
    ["host", { host: 5 }, TypeError],
    ["host", { host: null }, TypeError],
    ["host", { host: "" }, RangeError],
    ["tls", { tls: true }, TypeError],
    ["tls", { tls: null }, TypeError],
    ["tls", { tls: {} }, TypeError],
    ["tls", { tls: { cert: "a certificate" } }, TypeError],
    ["tls", { tls: { key: "a key" } }, TypeError],
    ["routes", { routes: undefined }, TypeError],
    ["routes", { routes: null }, TypeError],
    ["routes", { routes: { echo: () => {} } }, RangeError],
    ["routes", { routes: { "/a?b": () => {} } }, RangeError],
    ["routes", { routes: { "/echo": undefined } }, TypeError],
    ["routes", { routes: { "/echo": "echo" } }, TypeError],
    ["/echo", { routes: { "/echo": [] } }, TypeError],
    ["mesage", { routes: { "/echo": { mesage: () => {} } } }, TypeError],
    ["message", { routes: { "/echo": { message: "hello" } } }, TypeError],
    ["maxConections", { maxConections: 5 }, TypeError],
  ])("rejects for a wrong %s: %j, and names it", async (option, options, type) => {
    const failed = await serve({ routes, ...options } as never).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(type);
    expect((failed as Error).message).toContain(option);
  });

  test.each([[undefined], [null], [8080], [[]]])("rejects for %j in place of its options", async (options) => {
    await expect(serve(options as never)).rejects.toThrow(/^serve takes an object of options; it got /);
  });

  test("takes TLS options by which each name has a certificate of its own, or none", async () => {
    await listening({ routes, tls: { SNICallback: (_, done) => done(null) } });
    await listening({ routes, tls: { pskCallback: () => null } });
  });

  test("takes a handshakeTimeoutMs of any length that an upgrader takes", async () => {
    const { port } = await listening({ routes, handshakeTimeoutMs: 2 ** 31 - 1 });
    await RawPeer.join(port, { path: "/echo" });
  });

  test("rejects with the error of a TLS option", async () => {
    await expect(serve({ routes, tls: { cert: "not a certificate", key: "nor a key" } })).rejects.toThrow(
      /PEM|DECODER/,
    );
  });
});

describe("tls", () => {
  test("makes it https and wss, and the peer's address is still known", async () => {
    const { cert, key } = await createSelfSigned(undefined);
    const addresses: string[] = [];
    const server = await listening({
      tls: { cert, key },
      routes: {
        "/echo": {
          open: (socket) => addresses.push(socket.remote),
          message: (socket, message) => socket.write(message),
        },
      },
    });
    expect(server.url).toBe(`https://127.0.0.1:${server.port}/`);
    const peer = await RawPeer.join(server.port, { path: "/echo", tls: true });
    peer.say("secret");
    expect(await peer.hear()).toEqual({ text: "secret" });
    expect(addresses).toEqual([`127.0.0.1:${peer.raw.socket.localPort}`]);
    expect(await server.close({ deadlineMs: 50 })).toEqual({ closed: 0, terminated: 1 });
  });

  test("drops a client that speaks no TLS, and serves the next", async () => {
    const { cert, key } = await createSelfSigned(undefined);
    const { port } = await listening({ tls: { cert, key }, routes });
    const raw = await RawSocket.connect(port);
    raw.write("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    await raw.ended;
    await RawPeer.join(port, { path: "/echo", tls: true });
  });
});

describe("a slow client", () => {
  test("that never ends its headers gets 408 and is dropped after handshakeTimeoutMs", async () => {
    const { port } = await listening({ routes, handshakeTimeoutMs: 50 });
    const raw = await RawSocket.connect(port);
    raw.write("GET /echo HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    expect(await raw.rest()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("that says nothing at all is dropped too", async () => {
    const { port } = await listening({ routes, handshakeTimeoutMs: 50 });
    const raw = await RawSocket.connect(port);
    await raw.ended;
  });

  test("of TLS that never begins is dropped too", async () => {
    const { cert, key } = await createSelfSigned(undefined);
    const { port } = await listening({ routes, tls: { cert, key }, handshakeTimeoutMs: 50 });
    const raw = await RawSocket.connect(port);
    await raw.ended;
  });
});

describe("garbage", () => {
  test.each([
    ["no HTTP", "hello\r\n\r\n", 400],
    ["a flood of header bytes", `GET /echo HTTP/1.1\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    [
      "a repeated Content-Length",
      "GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      400,
    ],
    ["CONNECT", "CONNECT example.com:80 HTTP/1.1\r\nHost: example.com\r\n\r\n", undefined],
  ])("(%s) ends its own connection and no other", async (_, bytes, status) => {
    const { port } = await listening({ routes });
    const other = await RawPeer.join(port, { path: "/echo" });
    const raw = await RawSocket.connect(port);
    raw.write(bytes);
    const answer = await raw.rest();
    expect(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]).toBe(status === undefined ? undefined : String(status));
    other.say("still here");
    expect(await other.hear()).toEqual({ text: "still here" });
  });

  test("of 2,000 headers is refused or let in, but not chewed on", async () => {
    const { port } = await listening({ routes });
    const headers = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`x${i}`, ""]));
    const raw = await RawSocket.connect(port);
    raw.write(upgradeRequest({ path: "/echo", headers }));
    expect([101, 400, 431]).toContain((await raw.take(parseHttpResponse))?.status);
  });
});

describe("an upgrade", () => {
  test("may follow plain requests on a connection that is kept alive", async () => {
    const { port } = await listening({ routes });
    const raw = await RawSocket.connect(port);
    for (let i = 0; i < 2; i++) {
      raw.write("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
      await raw.take((bytes) => (bytes.includes("wss://\n") ? { value: true, size: bytes.length } : undefined));
    }
    raw.write(upgradeRequest({ path: "/echo" }));
    expect((await raw.take(parseHttpResponse))?.status).toBe(101);
  });
});

describe("an error of the listening socket", () => {
  test("goes to onError and ends nothing", async () => {
    const errors: unknown[] = [];
    const server = await serve({ routes, onError: (error) => errors.push(error) });
    onTestFinished(() => void server.close());
    const refusedByTheSystem = new Error("accept EMFILE");
    server.http.emit("error", refusedByTheSystem);
    expect(errors).toEqual([refusedByTheSystem]);
    const peer = await RawPeer.join(server.port, { path: "/echo" });
    peer.say("still here");
    expect(await peer.hear()).toEqual({ text: "still here" });
  });
});
