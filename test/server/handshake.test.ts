import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { defer } from "../../src/internal/deferred.js";
import { formatAddress } from "../../src/connection/index.js";
import { timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { meet } from "../support/meeting.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { startUpgrader } from "../support/upgrade-server.js";
import { ACCEPT } from "../support/upgrade-request.js";

describe("RFC 6455 §4.2.2: a correct opening handshake", () => {
  test("is answered by 101 with the hash of the key, and no more headers than it takes", async () => {
    const server = await startUpgrader();
    const { response } = await RawPeer.ask(server.port);
    expect(response).toEqual({
      status: 101,
      headers: { upgrade: "websocket", connection: "Upgrade", "sec-websocket-accept": ACCEPT },
      body: "",
    });
  });

  test.each([
    ["names in any case", { Upgrade: undefined, uPGRADE: "WebSocket", Connection: undefined, CONNECTION: "upgrade" }],
    ["Connection as a list", { Connection: "keep-alive, Upgrade" }],
    ["Upgrade as a list", { Upgrade: "h2c, websocket" }],
    ["no body, said so", { "Content-Length": "0" }],
    ["headers that nobody knows", { "X-Anything": "at all", "Sec-WebSocket-Unknown": "1" }],
    ["extensions offered, which are declined", { "Sec-WebSocket-Extensions": "permessage-deflate; a=1, x-other" }],
  ])("may have %s", async (_, headers) => {
    const server = await startUpgrader();
    const { response } = await RawPeer.ask(server.port, { headers });
    expect(response?.status).toBe(101);
    expect(response?.headers).not.toHaveProperty("sec-websocket-extensions");
  });

  test("frees the socket of the timeouts that HTTP has set on it", async () => {
    const http = createServer();
    http.setTimeout(200);
    const { peer, connection, server } = await meet({}, {}, { http });
    const idle = await RawSocket.connect(server.port); // it came later, so its time is over later
    await idle.ended;
    await connection.send("still here");
    expect(await peer.hear()).toEqual({ text: "still here" });
  });

  test("gives the connection the url and the headers of the request", async () => {
    const { connection } = await meet({}, { path: "/echo?room=1&x=%20", headers: { Cookie: "a=1; b=2" } });
    expect(connection.url).toBe("/echo?room=1&x=%20");
    expect(connection.headers).toMatchObject({ host: "example.com", cookie: "a=1; b=2", upgrade: "websocket" });
  });

  test("gives the connection the addresses of both ends, IPv6 in brackets", async () => {
    for (const [host, shown] of [
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "[::1]"],
    ] as const) {
      const { peer, connection, server } = await meet({}, { host }, { host });
      const { localPort } = peer.raw.socket;
      expect(connection.remote).toBe(`${shown}:${localPort}`);
      expect(connection.local).toBe(`${shown}:${server.port}`);
    }
  });

  test("shows an IPv4 client of a server that listens for both kinds by its IPv4 address", async () => {
    const { peer, connection } = await meet({}, { host: "127.0.0.1" }, { host: "::" });
    expect(connection.remote).toBe(`127.0.0.1:${peer.raw.socket.localPort}`);
  });

  test("on a socket without addresses shows none", () => {
    expect(formatAddress(undefined, undefined)).toBe("");
  });
});

describe("subprotocols", () => {
  const offering = (...names: string[]) => ({ headers: { "Sec-WebSocket-Protocol": names.join(", ") } });

  test.each([
    ["the server's favourite of those offered, whatever the client's order", ["v1", "v2"], "v2"],
    ["the only one in common", ["v0", "v1"], "v1"],
    ["none when there is none in common", ["v0", "v9"], ""],
    ["none that differs in case", ["V2"], ""],
  ])("as a list chooses %s", async (_, offered, chosen) => {
    const server = await startUpgrader({ subprotocols: ["v2", "v1"] });
    const { response } = await RawPeer.ask(server.port, offering(...offered));
    expect(response?.status).toBe(101);
    expect(response?.headers["sec-websocket-protocol"] ?? "").toBe(chosen);
    expect((await server.accepted()).subprotocol).toBe(chosen);
  });

  test("as a list chooses none for a client that offers none", async () => {
    const { connection } = await meet({ subprotocols: ["v2"] });
    expect(connection.subprotocol).toBe("");
  });

  test("as a function gets what is offered, over several headers too, and the request; its promise is awaited", async () => {
    const asked: unknown[] = [];
    const server = await startUpgrader({
      subprotocols: async (offered, request) => {
        asked.push(offered, request.url);
        return offered[1];
      },
    });
    const { response } = await RawPeer.ask(server.port, {
      path: "/chat",
      headers: { "Sec-WebSocket-Protocol": ["a", "b, c"] },
    });
    expect(asked).toEqual([["a", "b", "c"], "/chat"]);
    expect(response?.headers["sec-websocket-protocol"]).toBe("b");
  });

  test("as a function is not asked by a client that offers none", async () => {
    const { connection } = await meet({
      subprotocols: () => {
        throw new Error("asked");
      },
    });
    expect(connection.subprotocol).toBe("");
  });

  test.each([
    ["chooses what was not offered", () => "other"],
    ["throws", () => Promise.reject(new Error("no idea"))],
  ])("as a function that %s has the client refused with 500, and onError told", async (_, subprotocols) => {
    const server = await startUpgrader({ subprotocols });
    const { response } = await RawPeer.ask(server.port, offering("a"));
    expect(response?.status).toBe(500);
    expect(server.errors.splice(0)).toHaveLength(1);
  });
});

describe("responseHeaders", () => {
  test("are added to the answer, lists as repeated headers", async () => {
    const server = await startUpgrader({ responseHeaders: { "X-Served-By": "a1", "Set-Cookie": ["a=1", "b=2"] } });
    const { response } = await RawPeer.ask(server.port);
    expect(response?.headers).toMatchObject({ "x-served-by": "a1", "set-cookie": "a=1, b=2" });
  });

  test("are not added to a refusal", async () => {
    const server = await startUpgrader({ responseHeaders: { "X-Served-By": "a1" } });
    const { response } = await RawPeer.ask(server.port, { method: "POST" });
    expect(response?.headers).not.toHaveProperty("x-served-by");
  });

  test("may come from a function of the request", async () => {
    const server = await startUpgrader({ responseHeaders: (request) => ({ "X-Path": request.url }) });
    const { response } = await RawPeer.ask(server.port, { path: "/here" });
    expect(response?.headers["x-path"]).toBe("/here");
  });

  test("may come as a promise", async () => {
    const responseHeaders = async () => await Promise.resolve({ "X-A": "1" });
    const server = await startUpgrader({ responseHeaders });
    expect((await RawPeer.ask(server.port)).response).toMatchObject({ status: 101, headers: { "x-a": "1" } });
  });

  test("that never come end with the handshake's deadline", async () => {
    const asked = defer<void>();
    const responseHeaders = (): Promise<never> => {
      asked.resolve();
      return new Promise(() => {});
    };
    const clock = new FakeClock();
    const server = await startUpgrader({ responseHeaders }, { timers: timersOf(clock) });
    const asking = RawPeer.ask(server.port);
    await asked.promise;
    clock.advance(10_000);
    expect((await asking).response?.status).toBe(408);
  });

  test.each([new Map([["X-A", "1"]]), new Headers({ "X-A": "1" }), [["X-A", "1"]], Promise.resolve({ "X-A": "1" })])(
    "are not taken from %o, which would pass for no headers at all",
    async (responseHeaders) => {
      await expect(startUpgrader({ responseHeaders: responseHeaders as never })).rejects.toThrow(
        "option responseHeaders takes a plain object of headers",
      );
    },
  );

  test("are taken as they were when the upgrader was made", async () => {
    const responseHeaders: Record<string, string> = { "X-A": "1" };
    const server = await startUpgrader({ responseHeaders });
    responseHeaders["X-A"] = "2\r\nX-Injected: 1";
    const { response } = await RawPeer.ask(server.port);
    expect(response?.headers["x-a"]).toBe("1");
  });

  const bad: [string, Record<string, unknown>][] = [
    ["CR in a value", { "X-A": "a\rb" }],
    ["LF in a value", { "X-A": "a\nX-Injected: 1" }],
    ["CR LF in one value of a list", { "X-A": ["a", "b\r\nX-Injected: 1"] }],
    ["NUL in a value", { "X-A": "a\0b" }],
    ["a character beyond Latin-1", { "X-A": "⚓" }],
    ["a name that is no token", { "X A": "a" }],
    ["a name with CR LF", { "X-A: 1\r\nX-B": "a" }],
    ["an empty name", { "": "a" }],
    ["a number as a value", { "X-A": 5 }],
    ["undefined as a value", { "X-A": undefined }],
    ["a text in place of the object", "X-A: a" as never],
    ["Connection", { Connection: "keep-alive" }],
    ["Upgrade", { upgrade: "h2c" }],
    ["Content-Length", { "Content-Length": "5" }],
    ["Transfer-Encoding", { "TRANSFER-ENCODING": "chunked" }],
    ["Sec-WebSocket-Accept", { "Sec-WebSocket-Accept": "mine" }],
    ["Sec-WebSocket-Protocol", { "sec-websocket-protocol": "v2" }],
  ];

  test.each(bad)("refuse %s with a TypeError when the upgrader is made", async (_, responseHeaders) => {
    await expect(startUpgrader({ responseHeaders: responseHeaders as never })).rejects.toThrow(
      expect.objectContaining({
        name: "TypeError",
        message: expect.stringMatching(/responseHeaders.*header/) as string,
      }),
    );
  });

  test.each(bad)("refuse %s from a function with 500, and send none of it", async (_, responseHeaders) => {
    const server = await startUpgrader({ responseHeaders: () => responseHeaders as never });
    const { response } = await RawPeer.ask(server.port);
    expect(response?.status).toBe(500);
    expect(Object.keys(response?.headers ?? {})).toEqual(["connection", "content-length", "content-type"]);
    expect(server.errors.splice(0)).toMatchObject([{ name: "TypeError" }]);
  });
});
