import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import type { UpgraderOptions } from "../../src/server/index.js";
import { timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { parseHttpResponse } from "../support/http-response.js";
import { listening } from "../support/listening.js";
import { masked, RawPeer, text } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { closeOf, nextTurn, until } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";
import { upgradeRequest } from "../support/upgrade-request.js";

const plain = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: example.com\r\n\r\n`;

/** A server whose plain responses wait for the test to end them. */
async function startWaiting(options: UpgraderOptions = {}, clock?: FakeClock) {
  const responses: ServerResponse[] = [];
  const http = createServer((_, response) => void responses.push(response));
  const timers = clock && timersOf(clock);
  return { server: await startUpgrader(options, { http, ...(timers && { timers }) }), responses };
}

describe("RFC 9112 §9.3.2: an upgrade behind requests that are not answered yet", () => {
  test("opens after all of their responses, never among them", async () => {
    const { server, responses } = await startWaiting();
    const raw = await RawSocket.connect(server.port);
    raw.write(plain("/1"), plain("/2"), upgradeRequest(), masked(text("hello")));
    await until(() => responses.length === 2);
    for (const path of ["/2", "/1"]) responses.pop()?.end(path);
    expect((await raw.take(parseHttpResponse))?.body).toBe("/1");
    expect((await raw.take(parseHttpResponse))?.body).toBe("/2");
    expect((await raw.take(parseHttpResponse))?.status).toBe(101);
    const connection = await server.accepted();
    connection.handle({ message: (socket, message) => socket.write(message) });
    expect(await new RawPeer(raw).hear()).toEqual({ text: "hello" });
  });

  test("lets a long response through, which waits for the socket to drain", async () => {
    const { server, responses } = await startWaiting();
    const raw = await RawSocket.connect(server.port);
    raw.write(plain("/long"), upgradeRequest());
    await until(() => responses.length === 1 && server.sockets.length === 1);
    const [response] = responses as [ServerResponse];
    const chunk = Buffer.alloc(64 * 1024, "x");
    response.setHeader("Content-Length", 4 * chunk.length);
    const written = (async () => {
      for (let i = 0; i < 4; i++) if (!response.write(chunk)) await once(response, "drain");
      response.end();
    })();
    expect((await raw.take(parseHttpResponse))?.body.length).toBe(4 * chunk.length);
    expect((await raw.take(parseHttpResponse))?.status).toBe(101);
    await written;
  });

  test("ends with its connection when that is to be closed after them", async () => {
    const { server, responses } = await startWaiting();
    const raw = await RawSocket.connect(server.port);
    raw.write(plain("/1"), upgradeRequest());
    await until(() => responses.length === 1 && server.sockets.length === 1);
    responses[0]?.setHeader("Connection", "close").end("last");
    expect((await raw.take(parseHttpResponse))?.body).toBe("last");
    expect(await raw.rest()).toBe("");
    expect(server.upgrader.connections.size).toBe(0);
  });

  test("waits no longer than handshakeTimeoutMs, and then nothing is written into the other's response", async () => {
    const clock = new FakeClock();
    const { server, responses } = await startWaiting({}, clock);
    const raw = await RawSocket.connect(server.port);
    raw.write(plain("/1"), upgradeRequest());
    await until(() => responses.length === 1 && server.sockets.length === 1);
    clock.advance(10_000);
    await until(() => server.refusals.length === 1);
    responses[0]?.end("late");
    expect((await raw.take(parseHttpResponse))?.body).toBe("late");
    expect((await raw.take(parseHttpResponse))?.status).toBe(408);
  });

  test("counts no more when its client leaves", async () => {
    const { server, responses } = await startWaiting({ maxConnections: 1 });
    const raw = await RawSocket.connect(server.port);
    raw.write(plain("/1"), upgradeRequest());
    await until(() => responses.length === 1 && server.sockets.length === 1);
    const closed = closeOf(server.sockets[0] as Duplex);
    raw.reset();
    await closed;
    await nextTurn();
    await RawPeer.join(server.port);
  });
});

describe("server.close()", () => {
  test("does not wait for responses that stand behind another on a socket that is lost", async () => {
    let count = 0;
    const server = await listening({ onRequest: () => void count++ });
    const raw = await RawSocket.connect(server.port);
    raw.write(plain("/1"), plain("/2"));
    await until(() => count === 2);
    const closed = server.close();
    raw.reset();
    expect(await closed).toEqual({ closed: 0, terminated: 0 });
  });

  test("forgets them when the socket is lost before", async () => {
    const responses: ServerResponse[] = [];
    const server = await listening({ onRequest: (_, response) => void responses.push(response) });
    const raw = await RawSocket.connect(server.port);
    raw.write(plain("/1"), plain("/2"));
    await until(() => responses.length === 2);
    const closed = closeOf(responses[0]?.req.socket as Duplex);
    raw.reset();
    await closed;
    expect(await server.close()).toEqual({ closed: 0, terminated: 0 });
  });
});
