import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream, createServer } from "node:http2";
import { connect as connectTcp } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect } from "../../src/client/index.js";
import { refuse, type Server, serve, type ServeOptions, Upgrader } from "../../src/server/index.js";
import { parseServerFrame, type Said } from "../support/server-frame.js";
import { close, masked, text } from "../support/raw-peer.js";
import { until } from "../support/turns.js";

const CANCEL = 0x8;

/** A server that takes HTTP/2 with prior knowledge, and a session with it by Node's own client. */
async function start(options: Partial<ServeOptions> = {}): Promise<{ server: Server; session: ClientHttp2Session }> {
  const server = await serve({
    host: "127.0.0.1",
    http2: true,
    routes: { "/echo": { message: (socket, message) => socket.write(message) } },
    ...options,
  });
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  return { server, session: await openSession(server.url) };
}

async function openSession(url: string): Promise<ClientHttp2Session> {
  const session = connectHttp2(url, { rejectUnauthorized: false });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  if (session.remoteSettings.enableConnectProtocol !== true) await once(session, "remoteSettings");
  return session;
}

const handshake = {
  ":method": "CONNECT",
  ":protocol": "websocket",
  ":scheme": "http",
  ":path": "/echo",
  ":authority": "127.0.0.1",
  "sec-websocket-version": "13",
};

/** Asks for a WebSocket over `session`; gives the stream and the headers of the answer. */
async function ask(
  session: ClientHttp2Session,
  headers: Record<string, string> = {},
): Promise<{ stream: ClientHttp2Stream; answer: Record<string, unknown> }> {
  const stream = session.request({ ...handshake, ...headers }, { endStream: false });
  stream.on("error", () => {});
  const [answer] = (await once(stream, "response")) as [Record<string, unknown>];
  return { stream, answer };
}

/** Everything that the stream says in frames until it ends. */
function hearAll(stream: ClientHttp2Stream): Said[] {
  const said: Said[] = [];
  let rest = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let found = parseServerFrame(rest); found !== undefined; found = parseServerFrame(rest)) {
      said.push(found.value);
      rest = rest.subarray(found.size);
    }
  });
  return said;
}

async function bodyOf(stream: ClientHttp2Stream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe("serve({ http2: true })", () => {
  test("RFC 8441 §3: announces extended CONNECT", async () => {
    const { session } = await start();
    expect(session.remoteSettings).toMatchObject({ enableConnectProtocol: true, maxConcurrentStreams: 100 });
  });

  test("RFC 8441 §5: opens a WebSocket with 200, without key and Upgrade, and echoes", async () => {
    const { server, session } = await start();
    const { stream, answer } = await ask(session);
    expect(answer[":status"]).toBe(200);
    expect(Object.keys(answer)).not.toContain("sec-websocket-accept");
    const said = hearAll(stream);
    stream.write(masked(text("hello")));
    await until(() => said.length === 1);
    expect(said).toEqual([{ text: "hello" }]);
    const [connection] = server.connections;
    expect(connection).toMatchObject({ httpVersion: "2.0", url: "/echo" });
    expect(connection?.remote).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test("carries many WebSockets in one session", async () => {
    const { server, session } = await start();
    const opened = await Promise.all(Array.from({ length: 50 }, async () => await ask(session)));
    const said = opened.map(({ stream }) => hearAll(stream));
    for (const [index, { stream }] of opened.entries()) stream.write(masked(text(`${index}`)));
    await until(() => said.every((each) => each.length === 1));
    expect(said.flat()).toEqual(opened.map((_, index) => ({ text: `${index}` })));
    expect(new Set([...server.connections].map(({ remote }) => remote)).size).toBe(1);
  });

  test("RFC 8441 §5: ends the stream with END_STREAM after the closing handshake", async () => {
    const { server, session } = await start();
    const { stream } = await ask(session);
    const said = hearAll(stream);
    const [connection] = server.connections;
    stream.write(masked(close(1000, "bye")));
    await once(stream, "end");
    expect(said).toEqual([{ close: 1000, reason: "" }]);
    stream.end();
    expect(await connection?.closed).toMatchObject({ code: 1000, by: "peer", clean: true });
  });

  test("RFC 8441 §5: ends it abnormally by RST_STREAM with CANCEL", async () => {
    const { server, session } = await start();
    const { stream } = await ask(session);
    const [connection] = server.connections;
    connection?.terminate();
    await once(stream, "close");
    expect(stream.rstCode).toBe(CANCEL);
    expect(await connection?.closed).toMatchObject({ code: 1006, by: "us" });
  });

  test("takes a stream that is reset for a lost connection, and leaves the others", async () => {
    const { server, session } = await start();
    const first = await ask(session);
    const [connection] = server.connections;
    const second = await ask(session);
    first.stream.close(CANCEL);
    expect(await connection?.closed).toMatchObject({ code: 1006, by: "peer", error: { code: "connection-lost" } });
    const said = hearAll(second.stream);
    second.stream.write(masked(text("still here")));
    await until(() => said.length === 1);
  });

  test("refuses with status, headers and body", async () => {
    const { session } = await start({
      authorize: () => refuse(401, { headers: { "X-Why": "none" }, body: "Log in\n" }),
    });
    const { stream, answer } = await ask(session);
    expect(answer).toMatchObject({ ":status": 401, "x-why": "none", "content-length": "7" });
    expect(await bodyOf(stream)).toBe("Log in\n");
  });

  test.each([
    [404, { ":path": "/nowhere" }],
    [400, { "sec-websocket-version": "8" }],
    [403, { origin: "https://evil.example" }],
    [400, { host: "other.example" }],
  ])("refuses with %i what is asked with %j", async (status, headers) => {
    const { session } = await start();
    expect((await ask(session, headers)).answer[":status"]).toBe(status);
  });

  test("lets 256 KiB be under way to it in a stream, 8 MiB in all", async () => {
    const { session } = await start();
    expect(session.remoteSettings.initialWindowSize).toBe(256 * 1024);
    await until(() => session.state.remoteWindowSize === 8 * 1024 * 1024);
  });

  test("holds :authority to checkHost", async () => {
    const { session } = await start({ checkHost: ["localhost"] });
    expect((await ask(session)).answer[":status"]).toBe(421);
    expect((await ask(session, { ":authority": "localhost:1" })).answer[":status"]).toBe(200);
  });

  test("RFC 9113 §8.3.1: holds plain requests to :authority too, and takes none that names two hosts", async () => {
    const { session } = await start({ checkHost: ["localhost"] });
    const status = async (headers: Record<string, string>): Promise<unknown> => {
      const stream = session.request({ ":path": "/", ...headers });
      const [answer] = (await once(stream, "response")) as [Record<string, unknown>];
      return answer[":status"];
    };
    expect(await status({ ":authority": "localhost" })).toBe(404);
    expect(await status({ ":authority": "localhost", host: "localhost" })).toBe(404);
    expect(await status({ ":authority": "localhost", host: "LocalHost" })).toBe(404); // a host is the same in any case
    expect(await status({ ":authority": "evil.example" })).toBe(421);
    expect(await status({ ":authority": "evil.example", host: "localhost" })).toBe(400);
  });

  test("counts the streams of a session against maxConnectionsPerAddress", async () => {
    const { session } = await start({ maxConnectionsPerAddress: 2 });
    await ask(session);
    await ask(session);
    expect((await ask(session)).answer[":status"]).toBe(429);
  });

  test("agrees on subprotocols and compression", async () => {
    const { server, session } = await start({ compression: true, subprotocols: ["chat"] });
    const { answer } = await ask(session, {
      "sec-websocket-protocol": "other, chat",
      "sec-websocket-extensions": "permessage-deflate",
    });
    expect(answer).toMatchObject({
      "sec-websocket-protocol": "chat",
      "sec-websocket-extensions": "permessage-deflate; server_max_window_bits=13",
    });
    expect([...server.connections][0]?.subprotocol).toBe("chat");
  });

  test("answers plain requests over HTTP/2: 405 at a route, files and fallback elsewhere", async () => {
    const { session } = await start({ onRequest: (request, response) => response.end(`you asked ${request.url}`) });
    const route = session.request({ ":path": "/echo" });
    expect((await once(route, "response"))[0]).toMatchObject({ ":status": 405, allow: "CONNECT" });
    expect(await bodyOf(session.request({ ":path": "/other" }))).toBe("you asked /other");
  });

  test("serves files, whole and in part, and several at once beside a WebSocket", async () => {
    const { session } = await start({ static: "test/server/support" });
    const { stream } = await ask(session);
    const name = "http2-file.txt";
    const file = session.request({ ":path": `/${name}` });
    expect((await once(file, "response"))[0]).toMatchObject({ ":status": 200, "content-length": "20" });
    expect(await bodyOf(file)).toBe("a file over HTTP/2.\n");
    const part = session.request({ ":path": `/${name}`, range: "bytes=2-5" });
    expect((await once(part, "response"))[0]).toMatchObject({ ":status": 206, "content-range": "bytes 2-5/20" });
    expect(await bodyOf(part)).toBe("file");
    const head = session.request({ ":path": `/${name}`, ":method": "HEAD" });
    expect((await once(head, "response"))[0]).toMatchObject({ ":status": 200, "content-length": "20" });
    const many = Array.from({ length: 20 }, async () => await bodyOf(session.request({ ":path": `/${name}` })));
    expect(new Set(await Promise.all(many))).toEqual(new Set(["a file over HTTP/2.\n"]));
    const said = hearAll(stream);
    stream.write(masked(text("hello")));
    await until(() => said.length === 1);
  });

  test("serves HTTP/1.1 on the same port, WebSockets and requests", async () => {
    const { server } = await start();
    await using connection = await connect(`${server.url}echo`);
    await connection.send("hello");
    expect(await connection.receive()).toBe("hello");
    expect(connection.httpVersion).toBe("1.1");
    expect((await fetch(`${server.url}nothing`)).status).toBe(404);
  });

  test("serves both over TLS, as ALPN says", async () => {
    const { cert, key } = await createSelfSigned(undefined);
    const { server, session } = await start({ tls: { cert, key } });
    expect(session.alpnProtocol).toBe("h2");
    const { stream } = await ask(session, { ":scheme": "https" });
    const said = hearAll(stream);
    stream.write(masked(text("hello")));
    await until(() => said.length === 1);
    await using connection = await connect(`${server.url}echo`, { tls: { rejectUnauthorized: false } });
    await connection.send("hello");
    expect(await connection.receive()).toBe("hello");
    expect([...server.connections].map(({ httpVersion }) => httpVersion)).toEqual(["2.0", "1.1"]);
  });

  test("RFC 9113 §6.8: sends GOAWAY when it stops, and 1001 in every stream", async () => {
    const { server, session } = await start();
    const { stream } = await ask(session);
    const said = hearAll(stream);
    const goneAway = once(session, "goaway");
    stream.once("end", () => stream.end());
    const stopped = server.close();
    await until(() => said.length === 1);
    expect(said).toEqual([{ close: 1001, reason: "" }]);
    stream.end(masked(close(1001)));
    expect(await stopped).toEqual({ closed: 1, terminated: 0 });
    expect((await goneAway)[0]).toBe(0);
  });

  test("a peer that does not read one stream holds up that stream only, and fills bufferedBytes", async () => {
    const { server, session } = await start({ routes: { "/echo": () => {} } });
    const slow = await ask(session);
    const [connection] = server.connections;
    slow.stream.pause();
    while (connection?.needsDrain === false) {
      void connection.send(new Uint8Array(64 * 1024));
      await new Promise(setImmediate);
    }
    expect(connection?.bufferedBytes).toBeGreaterThan(0);
    const other = await ask(session);
    const said = hearAll(other.stream);
    const second = [...server.connections][1];
    void second?.send("not held up");
    await until(() => said.length === 1);
    slow.stream.resume();
    await until(() => connection?.needsDrain === false);
  });

  test("a reader that does not read stops the peer's stream, and not the session", async () => {
    const { server, session } = await start({ routes: { "/echo": () => {} } });
    const { stream } = await ask(session);
    let sent = 0;
    for (let idleTurns = 0; idleTurns < 200; idleTurns++) {
      if (stream.writableLength === 0) {
        stream.write(masked({ opcode: 0x2, payload: new Uint8Array(16 * 1024) }));
        sent++;
        idleTurns = 0;
      }
      await new Promise(setImmediate);
      if (sent > 100) throw new Error("everything is taken");
    }
    const other = await ask(session);
    other.stream.write(masked(text("not held up")));
    expect(await [...server.connections][1]?.receive()).toBe("not held up");
  });

  test("echoes a message of 8 MiB", async () => {
    const { server } = await start({ maxMessageBytes: 16 * 1024 * 1024 });
    const session = await openSession(server.url);
    const { stream } = await ask(session);
    const payload = Buffer.alloc(8 * 1024 * 1024, 7);
    let heard = 0;
    stream.on("data", (chunk: Buffer) => (heard += chunk.length));
    stream.write(masked({ opcode: 0x2, payload }));
    await until(() => heard === payload.length + 10);
  });
});

describe("upgrader.upgradeStream", () => {
  test("serves the streams of a server of your own", async () => {
    const upgrader = new Upgrader();
    const http2 = createServer({ settings: { enableConnectProtocol: true } });
    http2.on("stream", (stream, headers) => {
      upgrader.serveStream(stream, headers, async (connection) => await connection.send("welcome"));
    });
    http2.listen(0, "127.0.0.1");
    await once(http2, "listening");
    onTestFinished(() => void http2.close());
    const session = await openSession(`http://127.0.0.1:${(http2.address() as { port: number }).port}`);
    const { stream } = await ask(session);
    const said = hearAll(stream);
    await until(() => said.length === 2);
    expect(said).toEqual([{ text: "welcome" }, { close: 1000, reason: "" }]);
    stream.end(masked(close(1000)));
    await once(stream, "close");
  });
});

describe("behind a proxy", () => {
  test("a WebSocket over HTTP/2 is of the client that the PROXY header names, which comes before HTTP/2", async () => {
    const remotes: string[] = [];
    const server = await serve({
      host: "127.0.0.1",
      http2: true,
      trustProxy: { from: ["loopback"], proxyProtocol: true, headers: "none" },
      routes: { "/echo": { open: (socket) => void remotes.push(socket.remote) } },
    });
    onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
    const socket = connectTcp(server.port, "127.0.0.1");
    socket.write("PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n");
    const session = connectHttp2(server.url, { createConnection: () => socket });
    session.on("error", () => {});
    onTestFinished(() => session.destroy());
    if (session.remoteSettings.enableConnectProtocol !== true) await once(session, "remoteSettings");
    await ask(session);
    await until(() => remotes.length > 0);
    expect(remotes).toEqual(["192.0.2.7:4711"]);
  });

  test("a WebSocket over HTTP/2 is of the client that a trusted proxy's header names, and no other proxy's", async () => {
    const remotes: string[] = [];
    const routes = { "/echo": { open: (socket: { remote: string }) => void remotes.push(socket.remote) } };
    const { session } = await start({ trustProxy: ["loopback"], routes });
    await ask(session, { "x-forwarded-for": "192.0.2.7" });
    const { session: doubting } = await start({ routes });
    await ask(doubting, { "x-forwarded-for": "192.0.2.7" });
    await until(() => remotes.length > 1);
    expect(remotes[0]).toBe("192.0.2.7");
    expect(remotes[1]).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});
