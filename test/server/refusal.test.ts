import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { refuse, Refusal } from "../../src/server/index.js";
import { timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { parseHttpResponse } from "../support/http-response.js";
import { masked, RawPeer, text } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { until } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";
import { upgradeRequest } from "../support/upgrade-request.js";

const secondRequest = "GET /secret HTTP/1.1\r\nHost: example.com\r\n\r\n";

/** A server that counts the plain requests that reach it. */
async function startCounting(options: Parameters<typeof startUpgrader>[0] = {}) {
  const paths: (string | undefined)[] = [];
  const http = createServer((request, response) => {
    paths.push(request.url);
    response.end("plain");
  });
  const server = await startUpgrader(options, { http });
  return { server, paths };
}

describe("refuse()", () => {
  test.each([[{ a: 1 }], [5], [null], [["text"]], [new ArrayBuffer(1)]])(
    "takes text and bytes as the body, and refuses %o with a TypeError that names it",
    (body) => {
      expect(() => refuse(401, { body: body as never })).toThrow(
        /^refuse got .+ as its body; it takes a string or a Uint8Array$/,
      );
      for (const right of ["text", Uint8Array.of(1), Buffer.from("bytes"), undefined]) {
        expect(refuse(401, { body: right }).body).toEqual(right ?? "");
      }
    },
  );
});

describe("upgrader.upgrade()", () => {
  test("resolves with undefined for a refusal that cannot be sent, and tells onError", async () => {
    const server = await startUpgrader({ authorize: () => new Refusal("not-authorized", 401, {}, { a: 1 } as never) });
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest());
    expect(await raw.rest()).toBe("");
    expect(server.errors.splice(0)).toMatchObject([{ code: "ERR_INVALID_ARG_TYPE" }]);
  });
});

describe("upgrader.refuse()", () => {
  test("answers by a code of ours or by what refuse() gives, for an owner that chooses by path", async () => {
    const http = createServer();
    const server = await startUpgrader({}, { http });
    http.removeAllListeners("upgrade");
    http.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      const gone = refuse(410, { headers: { "X-Moved": "away" }, body: "Gone for good\n" });
      server.upgrader.refuse(request.url === "/old" ? gone : "no-such-route", request, socket);
    });
    const old = await RawPeer.ask(server.port, { path: "/old" });
    expect(old.response).toMatchObject({ status: 410, headers: { "x-moved": "away" }, body: "Gone for good\n" });
    const never = await RawPeer.ask(server.port, { path: "/never" });
    expect(never.response).toMatchObject({ status: 404, body: "There is no WebSocket at this path.\n" });
    expect(server.refusals).toMatchObject([{ code: "not-authorized" }, { code: "no-such-route" }]);
  });

  test("of a client that has gone already does nothing but tell onRefused", async () => {
    const http = createServer();
    const clock = new FakeClock();
    const server = await startUpgrader({}, { http, timers: timersOf(clock) });
    http.removeAllListeners("upgrade");
    http.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
      socket.once("close", () => server.upgrader.refuse("no-such-route", request, socket));
      socket.destroy();
    });
    expect((await RawPeer.ask(server.port)).response).toBeUndefined();
    await until(() => server.refusals.length > 0);
    expect(server.refusals).toMatchObject([{ code: "no-such-route" }]);
    expect(clock.starts).toBe(0);
  });

  test("RFC 9110 §9.3.2: to HEAD says how long the body would be, and sends none", async () => {
    const server = await startUpgrader();
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest({ method: "HEAD" }));
    expect(await raw.rest()).toMatch(/^HTTP\/1\.1 405 [^]*Content-Length: [1-9]\d*\r\n[^]*\r\n\r\n$/);
  });

  test("RFC 9110 §15.4.5: with 304 has neither a body nor its length", async () => {
    const server = await startUpgrader({ authorize: () => refuse(304, { headers: { ETag: '"a"' } }) });
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest());
    expect(await raw.rest()).toBe('HTTP/1.1 304 Not Modified\r\nConnection: close\r\nETag: "a"\r\n\r\n');
    expect(() => refuse(304, { body: "x" })).toThrow(TypeError);
  });
});

describe("a refused upgrade", () => {
  test("never has the bytes behind it taken for a second request, in one packet or later", async () => {
    const { server, paths } = await startCounting();
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest({ headers: { "Sec-WebSocket-Version": "12" } }), secondRequest);
    expect((await raw.take(parseHttpResponse))?.status).toBe(426);
    raw.write(secondRequest, secondRequest);
    expect(await raw.rest()).toBe("");
    expect(paths).toEqual([]);
  });

  test("never has its body taken for a second request", async () => {
    const { server, paths } = await startCounting();
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest({ headers: { "Content-Length": String(secondRequest.length) } }), secondRequest);
    expect((await raw.take(parseHttpResponse))?.status).toBe(400);
    expect(await raw.rest()).toBe("");
    expect(paths).toEqual([]);
  });

  test("RFC 9112 §9.3.2: waits for the answer to a plain request before it, and ends that connection only", async () => {
    let answer = (): void => {};
    const http = createServer((_, response) => {
      answer = () => response.end("plain");
    });
    const server = await startUpgrader({}, { http });
    const raw = await RawSocket.connect(server.port);
    raw.write("GET /slow HTTP/1.1\r\nHost: example.com\r\n\r\n", upgradeRequest({ method: "PUT" }), secondRequest);
    await until(() => server.refusals.length === 1);
    answer();
    expect(await raw.take(parseHttpResponse)).toMatchObject({ status: 200, body: "plain" });
    expect((await raw.take(parseHttpResponse))?.status).toBe(405);
    expect(await raw.rest()).toBe("");
    const another = await RawSocket.connect(server.port);
    another.write(upgradeRequest());
    expect((await another.take(parseHttpResponse))?.status).toBe(101);
  });

  test("after a plain request on the same connection is refused all the same", async () => {
    const { server, paths } = await startCounting();
    const raw = await RawSocket.connect(server.port);
    raw.write("GET /plain HTTP/1.1\r\nHost: example.com\r\n\r\n");
    expect((await raw.take(parseHttpResponse))?.status).toBe(200);
    raw.write(upgradeRequest({ method: "PUT" }), secondRequest);
    expect((await raw.take(parseHttpResponse))?.status).toBe(405);
    expect(await raw.rest()).toBe("");
    expect(paths).toEqual(["/plain"]);
  });

  test("has its answer read by a client that talks on: no reset takes it back", async () => {
    const server = await startUpgrader({ checkHost: [] });
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest(), ...Array.from({ length: 200 }, () => masked(text("x".repeat(5000)))));
    expect((await raw.take(parseHttpResponse))?.status).toBe(421);
    expect(await raw.rest()).toBe("");
  });

  test("after an accepted one has no HTTP at all: frames that look like a request are frames", async () => {
    const { server, paths } = await startCounting();
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest(), secondRequest);
    const connection = await server.accepted();
    await raw.ended;
    raw.end();
    expect((await connection.closed).error).toMatchObject({ code: "protocol-fault" });
    expect(paths).toEqual([]);
  });

  test("is over as soon as the client has ended its side too, whatever it said before", async () => {
    const clock = new FakeClock();
    const server = await startUpgrader({ checkHost: [] }, { timers: timersOf(clock) });
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest(), masked(text("x".repeat(100_000))));
    await raw.rest();
    const closed = once(server.sockets[0] as Duplex, "close");
    raw.end();
    await closed;
    clock.advance(100); // the ticker stops with the first tick that finds nothing armed
    expect(clock.isTicking).toBe(false);
  });

  test("behind a plain request that is never answered has its socket destroyed after two seconds", async () => {
    const clock = new FakeClock();
    const http = createServer(() => {});
    const server = await startUpgrader({ checkHost: [] }, { http, timers: timersOf(clock) });
    const raw = await RawSocket.connect(server.port);
    raw.write("GET /never HTTP/1.1\r\nHost: example.com\r\n\r\n", upgradeRequest({ method: "PUT" }));
    await until(() => server.refusals.length === 1);
    clock.advance(2_100);
    expect(await raw.rest()).toBe("");
  });

  test("has its socket destroyed after two seconds when the client never ends its side", async () => {
    const clock = new FakeClock();
    const server = await startUpgrader({ checkHost: [] }, { timers: timersOf(clock) });
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest());
    await raw.rest();
    const socket = server.sockets[0] as Duplex;
    clock.advance(1_999);
    expect(socket.destroyed).toBe(false);
    clock.advance(100);
    expect(socket.destroyed).toBe(true);
  });
});
