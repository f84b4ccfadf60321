import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/client/index.js";
import { frameBytes } from "../protocol/support/frame-bytes.js";
import { switching } from "../support/handshake-answer.js";
import { close, text } from "../support/raw-peer.js";
import { RawServer } from "../support/raw-server.js";

describe("RFC 6455 §4.1: the handshake request", () => {
  test("is what the RFC asks for and nothing else", async () => {
    const server = await RawServer.start();
    const connecting = connect(`${server.url}/echo?room=1`);
    const { request, ...visitor } = await server.visitor();
    expect(request).toEqual({
      method: "GET",
      target: "/echo?room=1",
      version: "1.1",
      names: ["Host", "Upgrade", "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key"],
      headers: {
        host: `127.0.0.1:${server.port}`,
        upgrade: "websocket",
        connection: "Upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/) as string,
      },
    });
    visitor.raw.write(switching(request));
    await connecting;
  });

  test("RFC 6455 §4.1 (7): has another key each time", async () => {
    const server = await RawServer.start();
    const keys = new Set<string | undefined>();
    for (let i = 0; i < 20; i++) {
      const connecting = connect(server.url);
      const visitor = await server.visitor();
      keys.add(visitor.request.headers["sec-websocket-key"]);
      visitor.accept();
      (await connecting).terminate();
    }
    expect(keys.size).toBe(20);
  });

  test("RFC 6455 §4.1 (8, 10, 12): carries the origin, the subprotocols and other headers asked for", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url, {
      origin: "https://example.com",
      subprotocols: ["chat.v2", "chat"],
      headers: { "X-Room": "1", "X-Two": ["a", "b"], "user-agent": "test", Cookie: "a=b" },
    });
    const visitor = await server.visitor();
    expect(visitor.request.headers).toMatchObject({
      origin: "https://example.com",
      "sec-websocket-protocol": "chat.v2, chat",
      "x-room": "1",
      "x-two": "a, b",
      "user-agent": "test",
      cookie: "a=b",
    });
    visitor.accept({ headers: { "Sec-WebSocket-Protocol": "chat" } });
    expect((await connecting).subprotocol).toBe("chat");
  });

  test("may name another host than it goes to, once", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url, { headers: { host: "virtual.example" } });
    const visitor = await server.visitor();
    expect(visitor.request.headers["host"]).toBe("virtual.example");
    expect(visitor.request.names.filter((name) => name.toLowerCase() === "host")).toHaveLength(1);
    visitor.accept();
    await connecting;
  });

  test("RFC 7617: carries the URL's credentials, which the connection's url does not show", async () => {
    const server = await RawServer.start();
    const connecting = connect(`ws://ada:l%C3%B6ve%3A@127.0.0.1:${server.port}/`);
    const visitor = await server.visitor();
    expect(visitor.request.headers["authorization"]).toBe(`Basic ${Buffer.from("ada:löve:").toString("base64")}`);
    visitor.accept();
    expect((await connecting).url).toBe(`ws://127.0.0.1:${server.port}/`);
  });

  test("goes to a Unix socket", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "halyard-")), "with space.sock");
    const server = await RawServer.start({ path });
    const connecting = connect(`ws+unix:${encodeURI(path)}:/echo?a=1`);
    const visitor = await server.visitor();
    expect(visitor.request).toMatchObject({ target: "/echo?a=1", headers: { host: "localhost" } });
    const peer = visitor.accept();
    const connection = await connecting;
    expect(connection).toMatchObject({ remote: "", local: "" });
    await connection.send("hello");
    expect(await peer.hear()).toEqual({ text: "hello" });
  });

  test("takes an http URL for a ws one", async () => {
    const server = await RawServer.start();
    const connecting = connect(new URL(`http://127.0.0.1:${server.port}/`));
    (await server.visitor()).accept();
    expect((await connecting).url).toBe(`ws://127.0.0.1:${server.port}/`);
  });
});

describe("a client's connection", () => {
  test("knows what the handshake settled", async () => {
    const server = await RawServer.start();
    const connecting = connect(`${server.url}/a?b`, { subprotocols: ["chat"], data: { id: 7 } });
    const visitor = await server.visitor();
    visitor.accept({ headers: { "X-Powered-By": "bytes" } });
    const connection = await connecting;
    expect(connection).toMatchObject({
      state: "open",
      url: `${server.url}/a?b`,
      subprotocol: "",
      remote: `127.0.0.1:${server.port}`,
      local: `127.0.0.1:${visitor.raw.socket.remotePort}`,
      data: { id: 7 },
    });
    expect(connection.headers["x-powered-by"]).toBe("bytes");
  });

  test("is taken over HTTP/1.1 with any reason and any case", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url);
    const headers = { Upgrade: "WebSocket", Connection: "keep-alive, UPGRADE" };
    (await server.visitor()).accept({ statusLine: "HTTP/1.1 101 Why Not", headers });
    expect((await connecting).state).toBe("open");
  });

  test("is opened by a 101 that comes after other interim answers, one byte at a time", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url);
    const { raw, request } = await server.visitor();
    raw.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    await raw.drip(switching(request));
    expect((await connecting).state).toBe("open");
  });

  test("loses nothing that comes in the same packet as the answer, a close frame and the end included", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url);
    const frames = [text("1"), text("2"), close(4000, "bye")].map(frameBytes);
    const peer = (await server.visitor()).accept({}, ...frames);
    peer.raw.end();
    const connection = await connecting;
    const messages = [];
    for await (const message of connection) messages.push(message);
    expect(messages).toEqual(["1", "2"]);
    expect(await connection.closed).toMatchObject({ code: 4000, reason: "bye", by: "peer", clean: true });
    expect(await peer.hear()).toEqual({ close: 4000, reason: "" });
  });

  test("masks each frame with another key", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url);
    const { raw } = (await server.visitor()).accept();
    const connection = await connecting;
    const keys = new Set<string>();
    for (let i = 0; i < 50; i++) {
      connection.write("");
      keys.add(
        (await raw.take((bytes) => (bytes.length < 6 ? undefined : { value: bytes.toString("hex", 2, 6), size: 6 })))!,
      );
    }
    expect(keys.size).toBe(50);
  });

  test("holds the server to the same limits", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url, { maxMessageBytes: 10 });
    const peer = (await server.visitor()).accept({}, frameBytes(text("0123456789a")));
    const connection = await connecting;
    expect(await peer.hear()).toEqual({ close: 1009, reason: "message-too-big" });
    peer.raw.end();
    expect(await connection.closed).toMatchObject({ code: 1009, error: { fault: "message-too-big" } });
  });

  test("RFC 6455 §5.1: ends with 1002 when the server masks a frame", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url);
    const peer = (await server.visitor()).accept({}, frameBytes({ ...text("a"), maskKey: [1, 2, 3, 4] }));
    await connecting;
    expect(await peer.hear()).toEqual({ close: 1002, reason: "masked-frame" });
  });

  test("is closed by leaving the block that holds it", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url);
    const peer = (await server.visitor()).accept();
    const leaving = (async () => {
      await using connection = await connecting;
      await connection.send("hello");
    })();
    expect(await peer.hear()).toEqual({ text: "hello" });
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    peer.close(1000);
    await peer.leave();
    await leaving;
  });

  test("gives onError what a handler throws", async () => {
    const server = await RawServer.start();
    const errors: unknown[] = [];
    const connecting = connect(server.url, { onError: (error) => void errors.push(error) });
    const peer = (await server.visitor()).accept({}, frameBytes(text("a")));
    (await connecting).handle({
      message: () => {
        throw new Error("mine");
      },
    });
    expect(await peer.hear()).toEqual({ close: 1011, reason: "" });
    expect(errors).toEqual([new Error("mine")]);
  });
});
