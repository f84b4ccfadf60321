import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connectByTimers } from "../../src/client/connect.js";
import { type Connection, connect, type ConnectOptions } from "../../src/client/index.js";
import { type ConnectionHandler, refuse, type Server, type ServeOptions, Upgrader } from "../../src/server/index.js";
import { timersOf } from "../support/clocked-meeting.js";
import { startConnectProxy } from "../support/connect-proxy.js";
import { FakeClock } from "../support/fake-clock.js";
import { Flag, FrameType, http2Frame, Setting, settingsFrame } from "../support/http2-frames.js";
import { Http2Peer } from "../support/http2-peer.js";
import { listening } from "../support/listening.js";
import { RawServer } from "../support/raw-server.js";
import { until } from "../support/turns.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned(undefined);
const tls = { ca: certificate.cert };
const http2 = true;
const echo: ConnectionHandler = { message: (peer, message) => void peer.write(message) };

/** Our own server with HTTP/2, over TLS, and how many TCP connections it has had. */
async function serveHttp2(
  options: Partial<ServeOptions> = {},
): Promise<{ server: Server; url: string; sockets: () => number }> {
  const server = await listening({ tls: certificate, http2, routes: { "/": echo }, ...options });
  let sockets = 0;
  server.http.on("connection", () => sockets++);
  return { server, url: server.url.replace("http", "ws"), sockets: () => sockets };
}

async function expectEcho(connection: Connection<undefined>, text = "hello"): Promise<void> {
  await connection.send(text);
  expect(await connection.receive()).toBe(text);
}

/** Has a server of `node:http2` echo over HTTP/1.1 beside. */
function serveHttp1({ http2: server }: Http2Peer): void {
  const upgrader = new Upgrader();
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    upgrader.serve(request, socket, head, echo),
  );
}

/** Lets a stream in, and says nothing. */
function letIn(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200 });
}

describe("connect({ http2: true })", () => {
  test("RFC 8441 §5: opens a WebSocket as a stream, over TLS by ALPN", async () => {
    const { url, server } = await serveHttp2();
    await using connection = await connect(url, { http2, tls });
    expect(connection).toMatchObject({ httpVersion: "2.0", url, remote: `127.0.0.1:${server.port}` });
    expect(Object.keys(connection.headers).filter((name) => name.startsWith(":"))).toEqual([]);
    await expectEcho(connection, "x".repeat(500_000));
    expect(await connection.close(1000, "bye")).toMatchObject({ code: 1000, reason: "bye", clean: true });
  });

  test("RFC 9113 §3.3: opens one without TLS, with prior knowledge", async () => {
    const { url } = await serveHttp2({ tls: undefined });
    await using connection = await connect(url, { http2 });
    expect(connection.httpVersion).toBe("2.0");
    await expectEcho(connection);
  });

  test("asks as RFC 8441 §5 has it: without key, Upgrade and Connection, with what is wished for", async () => {
    const peer = await Http2Peer.start(letIn);
    const connection = await connect(`${peer.url}/chat?room=1`, {
      http2,
      headers: { "X-A": ["1", "2"], Authorization: "Bearer x", "Proxy-Connection": "keep-alive" },
      subprotocols: ["a", "b"],
      origin: "https://example.com",
      compression: true,
    });
    const { host } = new URL(peer.url);
    expect(Object.fromEntries(Object.entries(peer.asked[0] ?? {}))).toEqual({
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "http",
      ":authority": host,
      ":path": "/chat?room=1",
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "a, b",
      "sec-websocket-extensions": expect.stringContaining("permessage-deflate") as string,
      origin: "https://example.com",
      "x-a": "1, 2",
      authorization: "Bearer x",
    });
    connection.terminate();
  });

  test("agrees on subprotocol and compression, which carries over", async () => {
    const { url } = await serveHttp2({ subprotocols: ["chat"], compression: { thresholdBytes: 0 } });
    await using connection = await connect(url, { http2, tls, subprotocols: ["chat"], compression: true });
    expect(connection).toMatchObject({ subprotocol: "chat", extensions: expect.stringContaining("deflate") as string });
    await expectEcho(connection, "again and again ".repeat(10_000));
  });

  test("shares one session among all to one server, whatever their paths and headers", async () => {
    const { url, server, sockets } = await serveHttp2({ routes: { "/": echo, "/other": echo } });
    const connections = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const headers = { "X-Index": `${index}` };
        return await connect(`${url}${index % 2 === 0 ? "" : "other"}`, { http2, tls: { ...tls }, headers });
      }),
    );
    await Promise.all(connections.map(async (connection, index) => await expectEcho(connection, `${index}`)));
    expect(sockets()).toBe(1);
    expect(server.connections.size).toBe(60);
    await Promise.all(connections.map(async (connection) => await connection.close()));
  });

  test("RFC 9113 §5.1.2: opens a further session where those that are there have no room", async () => {
    const { url, sockets } = await serveHttp2();
    const connections = await Promise.all(Array.from({ length: 250 }, async () => await connect(url, { http2, tls })));
    expect(sockets()).toBe(3);
    await connections[0]?.close();
    await expectEcho(await connect(url, { http2, tls }));
    expect(sockets()).toBe(3);
    for (const connection of connections) connection.terminate();
  });

  test.each([
    ["other TLS options", { tls: { ...tls, servername: "localhost" } }],
    ["another client certificate", { tls: { ...tls, ...certificate } }],
    ["another way there", { dial: ({ port }: URL) => connectTcp(Number(port), "127.0.0.1") }],
  ])("does not share it with who has %s", async (_, differing: ConnectOptions) => {
    const { url, sockets } = await serveHttp2();
    await using one = await connect(url, { http2, tls });
    await using other = await connect(url, { http2, tls, ...differing });
    await expectEcho(one);
    await expectEcho(other);
    expect(sockets()).toBe(2);
  });

  test("tunnels it through a proxy, one for all", async () => {
    const { url } = await serveHttp2();
    const proxy = await startConnectProxy();
    const options = { http2, tls, proxy: `http://captain:s3cret@127.0.0.1:${proxy.port}` };
    const connections = await Promise.all([connect(url, options), connect(url, options)]);
    for (const connection of connections) await expectEcho(connection);
    expect(proxy.asked).toHaveLength(1);
    expect(connections[0]?.remote).toBe(`127.0.0.1:${proxy.port}`);
    for (const connection of connections) connection.terminate();
  });

  test("keeps cookies and follows redirects from stream to stream", async () => {
    const peer = await Http2Peer.start((stream, { ":path": path }) => {
      if (path === "/new") letIn(stream);
      else stream.respond({ ":status": 302, location: "/new", "set-cookie": "a=1" }, { endStream: true });
    });
    const jar = {
      kept: [] as string[],
      getCookieString: () => jar.kept.join(),
      setCookie: (c: string) => jar.kept.push(c),
    };
    const connection = await connect(peer.url, { http2, cookies: jar, followRedirects: 1 });
    expect(connection.url).toBe(`${peer.url}/new`);
    expect(peer.asked.map(({ cookie }) => cookie)).toEqual([undefined, "a=1"]);
    expect(peer.sessions).toHaveLength(1);
    connection.terminate();
  });

  test("does without HTTP/2 where a wss server chooses HTTP/1.1, on the very connection", async () => {
    const { url, sockets } = await serveHttp2({ http2: false });
    await using connection = await connect(url, { http2, tls });
    expect(connection.httpVersion).toBe("1.1");
    await expectEcho(connection);
    expect(sockets()).toBe(1);
    const many = await Promise.all(Array.from({ length: 5 }, async () => await connect(url, { http2, tls })));
    expect(sockets()).toBe(6);
    for (const each of many) await each.close();
  });

  test.each([
    ["announces no extended CONNECT", { enableConnectProtocol: false }],
    ["takes no stream", { maxConcurrentStreams: 0 }],
  ])("does without where a wss server %s, and does not leave its session open", async (_, settings) => {
    const peer = await Http2Peer.start(() => {}, settings, { ...certificate, allowHTTP1: true });
    serveHttp1(peer);
    await using connection = await connect(peer.url, { http2, tls });
    expect(connection.httpVersion).toBe("1.1");
    await expectEcho(connection);
    await until(() => peer.sessions.every(({ destroyed }) => destroyed));
    expect(peer.asked).toEqual([]);
  });

  test("does without where a wss server resets the stream with HTTP_1_1_REQUIRED", async () => {
    const peer = await Http2Peer.start(
      (stream) => stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED),
      {},
      { ...certificate, allowHTTP1: true },
    );
    serveHttp1(peer);
    await using connection = await connect(peer.url, { http2, tls });
    expect(connection.httpVersion).toBe("1.1");
    expect(peer.asked).toHaveLength(1);
  });
});

describe("connect({ http2: true }) without TLS rejects with http2-failed", () => {
  test("where the server speaks HTTP/1.1", async () => {
    const server = await listening({ routes: { "/": echo } });
    const error = await connectInVain(server.url, { http2 });
    expect(error.code).toBe("http2-failed");
    expect(error.message).toContain("leave out the option http2");
  });

  test.each([
    ["answers with something that is no HTTP/2", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["hangs up", ""],
  ])("where what is there %s", async (_, answer) => {
    const server = await RawServer.start();
    const failing = connectInVain(server.url, { http2 });
    const raw = await server.next();
    raw.write(answer);
    if (answer === "") raw.end();
    expect((await failing).code).toBe("http2-failed");
    await server.abandoned();
  });

  test("where its settings announce no extended CONNECT", async () => {
    const peer = await Http2Peer.start(() => {}, { enableConnectProtocol: false });
    const error = await connectInVain(peer.url, { http2 });
    expect(error.message).toContain("its settings let no WebSocket in over HTTP/2 (RFC 8441 §3)");
    await until(() => peer.sessions.every(({ destroyed }) => destroyed));
  });

  test("where the server wants the request over HTTP/1.1", async () => {
    const peer = await Http2Peer.start((stream) => stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED));
    expect((await connectInVain(peer.url, { http2 })).code).toBe("http2-failed");
  });
});

describe("connect({ http2: true }) rejects as over HTTP/1.1", () => {
  test("where the server refuses, and shows its answer", async () => {
    const { url } = await serveHttp2({ authorize: () => refuse(403, { headers: { "X-Why": "a" }, body: "no\n" }) });
    const error = await connectInVain(url, { http2, tls });
    expect(error).toMatchObject({ code: "http-status", response: { status: 403, httpVersion: "2.0" } });
    expect(error.message).toContain("the server answered 403 Forbidden instead of 200");
    expect(error.response?.headers["x-why"]).toBe("a");
    expect(error.response?.body.toString()).toBe("no\n");
    expect(error.response?.isBodyComplete).toBe(true);
  });

  test("where a body has no end: the first 64 KiB", async () => {
    const peer = await Http2Peer.start((stream) => {
      stream.respond({ ":status": 500 });
      stream.write(Buffer.alloc(100_000));
    });
    const error = await connectInVain(peer.url, { http2 });
    expect(error.response?.body).toHaveLength(65_536);
    expect(error.response?.isBodyComplete).toBe(false);
  });

  test.each([
    ["bad-subprotocol", "subprotocol-not-offered", { "sec-websocket-protocol": "b" }],
    ["bad-extension", "extension-not-offered", { "sec-websocket-extensions": "permessage-deflate" }],
  ])("with %s for what was not offered, and resets the stream", async (code, fault, headers) => {
    let stream: ServerHttp2Stream | undefined;
    const peer = await Http2Peer.start((asked) => {
      stream = asked;
      asked.respond({ ":status": 200, ...headers });
    });
    expect(await connectInVain(peer.url, { http2, subprotocols: ["a"] })).toMatchObject({ code, fault });
    await until(() => stream?.closed === true);
    expect(stream?.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  test("where nobody listens, where the certificate is not trusted, where the name has no address", async () => {
    const { url } = await serveHttp2();
    const codes = await Promise.all(
      ["wss://127.0.0.1:1", url, "ws://no-such-host.invalid"].map(
        async (each) => (await connectInVain(each, { http2 })).code,
      ),
    );
    expect(codes).toEqual(["connection-refused", "tls-failed", "dns-failed"]);
  });

  test("with an error of their own for all who have waited for one session", async () => {
    const dial = async (): Promise<never> => await Promise.reject(new Error("no way"));
    const errors = await Promise.all(
      ["/a", "/b"].map(async (path) => await connectInVain(`wss://example.com${path}`, { http2, dial })),
    );
    expect(errors.map(({ url, code }) => [url, code])).toEqual([
      ["wss://example.com/a", "network-failed"],
      ["wss://example.com/b", "network-failed"],
    ]);
    expect(errors[1]?.message).toContain("wss://example.com/b");
    expect(errors[1]?.cause).toEqual(new Error("no way"));
  });

  test("where the server resets the stream without an answer", async () => {
    const peer = await Http2Peer.start((stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    const error = await connectInVain(peer.url, { http2 });
    expect(error.code).toBe("closed");
    expect(error.message).toContain("the server reset the stream before it had answered (code 2)");
    expect(peer.asked).toHaveLength(1);
  });

  test("where the session ends without an answer", async () => {
    const peer = await Http2Peer.start(({ session }) => session?.destroy());
    expect((await connectInVain(peer.url, { http2 })).code).toBe("closed");
    expect(peer.asked).toHaveLength(1);
  });

  test("at the deadline, which says how far it had come", async () => {
    const clock = new FakeClock();
    const timers = timersOf(clock);
    const silent = await RawServer.start();
    const waiting = connectInVain(silent.url, { http2 }, timers);
    const preface = await silent.next();
    await preface.take((bytes) => (bytes.length > 0 ? { value: bytes, size: 0 } : undefined));
    clock.advance(10_100);
    expect((await waiting).message).toContain("the server had not sent its settings of HTTP/2 yet");
    await silent.abandoned();

    let asked: ServerHttp2Stream | undefined;
    const peer = await Http2Peer.start((stream) => void (asked = stream));
    const unanswered = connectInVain(peer.url, { http2 }, timers);
    await until(() => asked !== undefined);
    clock.advance(10_100);
    expect((await unanswered).message).toContain("the server had not answered the opening handshake yet");
    await until(() => asked?.rstCode === constants.NGHTTP2_CANCEL);
  });

  test("when it is aborted, while the session is opened or the answer is awaited", async () => {
    const silent = await RawServer.start();
    const controller = new AbortController();
    const opening = connectInVain(silent.url, { http2, signal: controller.signal });
    await silent.next();
    const securing = connectInVain(silent.url.replace("ws:", "wss:"), { http2, signal: controller.signal });
    await silent.next();
    let asked: ServerHttp2Stream | undefined;
    const peer = await Http2Peer.start((stream) => void (asked = stream));
    const asking = connectInVain(peer.url, { http2, signal: controller.signal });
    await until(() => asked !== undefined);
    controller.abort();
    for (const failing of [opening, securing, asking]) expect((await failing).code).toBe("aborted");
    await silent.abandoned();
    await until(() => asked?.rstCode === constants.NGHTTP2_CANCEL);
  });

  test("an option that does not fit", async () => {
    const agent = { addRequest() {} } as never;
    await expect(connect("wss://127.0.0.1:1", { http2, agent })).rejects.toThrow("option http2 shares sessions");
    const peer = await Http2Peer.start(letIn);
    const headers = { Authorization: ["a", "b"] };
    await expect(connect(peer.url, { http2, headers })).rejects.toThrow("option headers was refused by node:http2");
  });
});

describe("a session of connect({ http2: true })", () => {
  test("is opened anew by those who wait, when who has begun to open it gives up", async () => {
    const { url } = await serveHttp2();
    const controller = new AbortController();
    const first = connectInVain(url, { http2, tls, signal: controller.signal });
    const second = connect(url, { http2, tls });
    controller.abort();
    expect((await first).code).toBe("aborted");
    await expectEcho(await second);
  });

  test("that is gone is asked no more, and one that dies under a request has it sent again", async () => {
    let dies = false;
    const peer = await Http2Peer.start((stream) => {
      if (dies) stream.session?.destroy();
      else letIn(stream);
      dies = false;
    });
    const first = await connect(peer.url, { http2 });
    dies = true;
    const second = await connect(peer.url, { http2 });
    expect(peer.asked).toHaveLength(3);
    expect(peer.sessions).toHaveLength(2);
    expect(await first.closed).toMatchObject({ code: 1006 });
    second.terminate();
  });

  test("RFC 9113 §8.7: a stream that is refused is asked for again, up to five times", async () => {
    let left = 1;
    const peer = await Http2Peer.start((stream) => {
      if (left-- > 0) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else letIn(stream);
    });
    (await connect(peer.url, { http2 })).terminate();
    expect(peer.asked).toHaveLength(2);
    left = Infinity;
    expect((await connectInVain(peer.url, { http2 })).code).toBe("closed");
    expect(peer.asked).toHaveLength(2 + 6);
  });

  test("one stream too many for a server that still counts one that has ended is asked for again, too", async () => {
    const peer = await Http2Peer.start((stream) => {
      if (peer.asked.length === 2) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      else letIn(stream);
    });
    const first = await connect(peer.url, { http2 });
    (await connect(peer.url, { http2 })).terminate();
    expect(peer.asked).toHaveLength(3);
    expect(first.state).toBe("open");
    first.terminate();
  });

  test("a session that takes no further stream, whatever its settings say, is full until one of its streams ends", async () => {
    const peer = await Http2Peer.start((stream) => {
      if (peer.asked.length === 2) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else letIn(stream);
    });
    const first = await connect(peer.url, { http2 });
    const second = await connect(peer.url, { http2 });
    expect(peer.sessions).toHaveLength(2);
    second.terminate();
    first.terminate();
    const again = await Promise.all([connect(peer.url, { http2 }), connect(peer.url, { http2 })]);
    expect(peer.sessions).toHaveLength(2);
    for (const each of again) each.terminate();
  });

  test("one whose path is dead is left within three seconds, and what waits for an answer is asked elsewhere", async () => {
    const clock = new FakeClock();
    const { url } = await serveHttp2();
    const proxy = await startConnectProxy();
    const options = { http2, tls, proxy: `http://127.0.0.1:${proxy.port}` };
    const open = async (): Promise<Connection<undefined>> => await connectByTimers(timersOf(clock), url, options);
    const first = await open();
    clock.advance(2_000);
    const second = await open();
    clock.advance(5_000); // the server has answered
    for (const client of proxy.clients) client.unpipe().pause();
    const third = open();
    const fourth = open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(proxy.asked).toHaveLength(1);
    clock.advance(3_100);
    await expectEcho(await third);
    await expectEcho(await fourth);
    expect(proxy.asked).toHaveLength(2);
    expect([first.state, second.state]).toEqual(["open", "open"]); // they have the patience of their own
    for (const each of [first, second, await third, await fourth]) each.terminate();
  });

  test("a server that wants calm before it has let anybody in is left alone", async () => {
    const peer = await Http2Peer.start((stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM));
    expect((await connectInVain(peer.url, { http2 })).code).toBe("closed");
    expect(peer.asked).toHaveLength(1);
  });

  test("RFC 9113 §6.8: after GOAWAY its streams go on, and the next is opened elsewhere", async () => {
    const peer = await Http2Peer.start(letIn);
    const old = await connect(peer.url, { http2 });
    const [session] = peer.sessions;
    session?.goaway();
    await new Promise((resolve) => void session?.ping(resolve)); // it is behind the GOAWAY
    const next = await connect(peer.url, { http2 });
    expect(peer.sessions).toHaveLength(2);
    expect([old.state, next.state]).toEqual(["open", "open"]);
    for (const each of [old, next]) each.terminate();
  });

  test("that the server ends at once is opened again five times at most", async () => {
    const server = await RawServer.start();
    const failing = connectInVain(server.url, { http2 });
    const goAway = http2Frame(FrameType.goAway, Flag.none, 0, Buffer.alloc(8));
    const greeting = Buffer.concat([settingsFrame({ [Setting.enableConnectProtocol]: 1 }), goAway]);
    void (async () => {
      for (;;) (await server.next()).write(greeting);
    })();
    expect((await failing).code).toBe("closed");
    expect(server.sockets).toHaveLength(6);
  });

  test("ends its connections with 1001 and is closed when the server drains", async () => {
    const { url, server } = await serveHttp2();
    const connections = await Promise.all([connect(url, { http2, tls }), connect(url, { http2, tls })]);
    expect(await server.close()).toEqual({ closed: 2, terminated: 0 });
    for (const { closed } of connections) expect(await closed).toMatchObject({ code: 1001, by: "peer", clean: true });
  });

  test("RST_STREAM ends one connection with 1006, and leaves the others", async () => {
    const { url, server } = await serveHttp2();
    const first = await connect(url, { http2, tls });
    const [connection] = server.connections;
    const second = await connect(url, { http2, tls });
    connection?.terminate();
    expect(await first.closed).toMatchObject({ code: 1006, by: "peer", error: { code: "connection-lost" } });
    await expectEcho(second);
    second.terminate();
  });

  test("that is cut ends all of its connections with 1006", async () => {
    const peer = await Http2Peer.start(letIn);
    const connections = await Promise.all([connect(peer.url, { http2 }), connect(peer.url, { http2 })]);
    peer.sessions[0]?.destroy();
    for (const { closed } of connections) expect(await closed).toMatchObject({ code: 1006, by: "peer" });
  });

  test("that is reset ends its connections with 1006, and does no more than that", async () => {
    const peer = await Http2Peer.start(letIn);
    const sockets: Socket[] = [];
    peer.http2.on("connection", (socket: Socket) => void sockets.push(socket));
    const connection = await connect(peer.url, { http2 });
    sockets[0]?.resetAndDestroy();
    expect(await connection.closed).toMatchObject({ code: 1006, by: "peer", error: { code: "connection-lost" } });
    (await connect(peer.url, { http2 })).terminate();
    expect(sockets).toHaveLength(2);
  });

  test("lets 1 MiB be under way to it in a stream, 32 MiB in all", async () => {
    const peer = await Http2Peer.start(letIn);
    const connection = await connect(peer.url, { http2 });
    const [session] = peer.sessions;
    expect(session?.remoteSettings.initialWindowSize).toBe(1024 * 1024);
    await until(() => session?.state.remoteWindowSize === 32 * 1024 * 1024);
    connection.terminate();
  });

  test("one stream that is not read holds up neither the others nor the session", async () => {
    const { url, server } = await serveHttp2({ routes: { "/": () => {}, "/echo": echo } });
    const slow = await connect(url, { http2, tls });
    const [sender] = server.connections;
    while (sender?.needsDrain === false) {
      void sender.send(new Uint8Array(64 * 1024));
      await new Promise(setImmediate);
    }
    const other = await connect(`${url}echo`, { http2, tls });
    await expectEcho(other, "x".repeat(1_000_000));
    expect(sender?.needsDrain).toBe(true);
    slow.handle({});
    await until(() => sender?.needsDrain === false);
    for (const each of [slow, other]) each.terminate();
  });

  test("is closed when it has had no stream for ten seconds, and not before", async () => {
    const clock = new FakeClock();
    const timers = timersOf(clock);
    const { url, server } = await serveHttp2();
    const open = async (): Promise<Connection<undefined>> => await connectByTimers(timers, url, { http2, tls });
    const sockets: unknown[] = [];
    server.http.on("secureConnection", (socket) => void sockets.push(socket));
    await (await open()).close();
    clock.advance(9_000);
    await (await open()).close();
    clock.advance(9_000);
    await (await open()).close();
    expect(sockets).toHaveLength(1);
    clock.advance(10_200);
    await once(sockets[0] as NodeJS.EventEmitter, "close");
    await (await open()).close();
    expect(sockets).toHaveLength(2);
    clock.advance(10_200);
  });
});
