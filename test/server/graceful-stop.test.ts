import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { serve, type ServeOptions } from "../../src/server/index.js";
import { parseHttpResponse } from "../support/http-response.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { until } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";
import { upgradeRequest } from "../support/upgrade-request.js";

const routes: ServeOptions["routes"] = { "/": { message: (socket, message) => socket.write(message) } };

/** Peers that have joined; each answers a close frame when told to. */
async function join(port: number, count: number): Promise<RawPeer[]> {
  return await Promise.all(Array.from({ length: count }, () => RawPeer.join(port)));
}

/** Answers the server's close frame as a client should; resolves with what the frame said. */
async function answerClose(peer: RawPeer) {
  const said = await peer.hear();
  peer.close(said !== undefined && "close" in said ? said.close : undefined);
  await peer.leave();
  return said;
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return await once(socket, "connect").then(
    () => {
      socket.destroy();
      return false;
    },
    (error: NodeJS.ErrnoException) => error.code === "ECONNREFUSED",
  );
}

describe("server.close()", () => {
  test("closes every connection with 1001 and reports how many ended so", async () => {
    const server = await listening({ routes });
    const peers = await join(server.port, 3);
    const closed = server.close();
    for (const peer of peers) expect(await answerClose(peer)).toEqual({ close: 1001, reason: "" });
    expect(await closed).toEqual({ closed: 3, terminated: 0 });
    expect(server.connections.size).toBe(0);
    expect(server.http.listening).toBe(false);
    expect(await isRefused(server.port)).toBe(true);
  });

  test("says the code and the reason that it is given", async () => {
    const server = await listening({ routes });
    const [peer] = (await join(server.port, 1)) as [RawPeer];
    const closed = server.close({ code: 1012, reason: "new version" });
    expect(await answerClose(peer)).toEqual({ close: 1012, reason: "new version" });
    await closed;
  });

  test("terminates at the deadline what has not ended, and counts it", async () => {
    const server = await listening({ routes });
    const [polite, mute, alsoMute] = (await join(server.port, 3)) as [RawPeer, RawPeer, RawPeer];
    const closed = server.close({ deadlineMs: 50 });
    await answerClose(polite);
    expect(await closed).toEqual({ closed: 1, terminated: 2 });
    for (const peer of [mute, alsoMute]) expect(await peer.hearAll()).toEqual([{ close: 1001, reason: "" }]);
  });

  test("counts as terminated who vanished while closing", async () => {
    const server = await listening({ routes });
    const [peer] = (await join(server.port, 1)) as [RawPeer];
    const closed = server.close();
    await peer.hear();
    peer.raw.reset();
    expect(await closed).toEqual({ closed: 0, terminated: 1 });
  });

  test("resolves at once when there is nobody", async () => {
    const server = await listening({ routes });
    expect(await server.close()).toEqual({ closed: 0, terminated: 0 });
  });

  test("twice is one promise, whatever the second asks", async () => {
    const server = await listening({ routes });
    const [peer] = (await join(server.port, 1)) as [RawPeer];
    const first = server.close({ code: 4000 });
    expect(server.close({ code: 4001 })).toBe(first);
    expect(await answerClose(peer)).toEqual({ close: 4000, reason: "" });
    await first;
    expect(server.close()).toBe(first);
  });

  test("is what `await using` calls at the end of its block", async () => {
    let port = 0;
    let left: Promise<unknown> = Promise.resolve();
    {
      await using server = await serve({ host: "127.0.0.1", routes });
      ({ port } = server);
      const [peer] = (await join(port, 1)) as [RawPeer];
      left = answerClose(peer);
    }
    expect(await left).toEqual({ close: 1001, reason: "" });
    expect(await isRefused(port)).toBe(true);
  });

  test.each([
    [{ code: 1006 }, RangeError],
    [{ code: 999 }, RangeError],
    [{ reason: "x".repeat(124) }, RangeError],
    [{ deadlineMs: -1 }, RangeError],
    [{ deadlineMs: "1s" as never }, TypeError],
    [{ deadline: 5 } as never, TypeError],
    [null as never, TypeError],
  ])("refuses %j and goes on serving", async (options, type) => {
    const server = await listening({ routes });
    const [peer] = (await join(server.port, 1)) as [RawPeer];
    expect(() => server.close(options)).toThrow(type);
    peer.say("still here?");
    expect(await peer.hear()).toEqual({ text: "still here?" });
    const [another] = (await join(server.port, 1)) as [RawPeer];
    const closed = server.close();
    await Promise.all([answerClose(peer), answerClose(another)]);
    expect(await closed).toEqual({ closed: 2, terminated: 0 });
  });

  test("waits for a plain request under way, and lets it finish", async () => {
    let finish = (): void => {};
    const server = await listening({
      routes,
      onRequest: (_, response) => {
        finish = () => response.end("finished");
      },
    });
    const fetched = fetch(server.url + "slow");
    let isAsked = false;
    server.http.once("request", () => (isAsked = true));
    await until(() => isAsked);
    const closed = server.close();
    finish();
    expect(await (await fetched).text()).toBe("finished");
    expect(await closed).toEqual({ closed: 0, terminated: 0 });
  });

  test("does not wait for connections that ask for nothing, or for half of a request", async () => {
    const server = await listening({ routes });
    const idle = await RawSocket.connect(server.port);
    const half = await RawSocket.connect(server.port);
    half.write("GET / HTTP/1.1\r\nHost: a\r\nX-");
    const kept = await RawSocket.connect(server.port);
    kept.write("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    await kept.take((bytes) => (bytes.includes("Not found") ? { value: true, size: bytes.length } : undefined));
    await server.close();
    await Promise.all([idle.ended, half.ended, kept.ended]);
  });

  test("cuts a plain request at the deadline", async () => {
    const server = await listening({ routes, onRequest: () => {} });
    const failed = fetch(server.url + "never").catch((error: unknown) => error);
    await once(server.http, "request");
    await server.close({ deadlineMs: 30 });
    expect(await failed).toBeInstanceOf(TypeError);
  });

  test("refuses a handshake under way with 503, and aborts its signal", async () => {
    const signals: AbortSignal[] = [];
    const server = await listening({
      routes,
      authorize: ({ signal }) => {
        signals.push(signal);
        return new Promise<undefined>(() => {});
      },
    });
    const raw = await RawSocket.connect(server.port);
    raw.write(upgradeRequest());
    await until(() => signals.length === 1);
    const closed = server.close();
    expect(await raw.take(parseHttpResponse)).toMatchObject({
      status: 503,
      headers: { "retry-after": "1" },
      body: "The server is shutting down.\n",
    });
    raw.end();
    expect(signals[0]?.aborted).toBe(true);
    expect(await closed).toEqual({ closed: 0, terminated: 0 });
  });
});

describe("upgrader.close()", () => {
  test("refuses new clients with 503 while it drains and ever after", async () => {
    const server = await startUpgrader();
    const peer = await RawPeer.join(server.port);
    await server.accepted();
    const closed = server.upgrader.close();
    const { response } = await RawPeer.ask(server.port);
    expect(response).toMatchObject({ status: 503, body: "The server is shutting down.\n" });
    expect(await answerClose(peer)).toEqual({ close: 1001, reason: "" });
    expect(await closed).toEqual({ closed: 1, terminated: 0 });
    expect((await RawPeer.ask(server.port)).response?.status).toBe(503);
    expect(server.refusals).toMatchObject([{ code: "shutting-down" }, { code: "shutting-down" }]);
  });

  test("leaves the HTTP server to its owner", async () => {
    const http: HttpServer = createServer((_, response) => response.end("still here"));
    const server = await startUpgrader({}, { http });
    await server.upgrader.close();
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe("still here");
  });

  test("is idempotent, and what `await using` calls", async () => {
    const server = await startUpgrader();
    const first = server.upgrader.close();
    expect(server.upgrader.close()).toBe(first);
    await server.upgrader[Symbol.asyncDispose]();
    expect(await first).toEqual({ closed: 0, terminated: 0 });
  });

  test("counts a connection whose closing handshake was under way by how that ends", async () => {
    const server = await startUpgrader();
    const peer = await RawPeer.join(server.port);
    const connection = await server.accepted();
    void connection.close(4000);
    const closed = server.upgrader.close();
    expect(await answerClose(peer)).toEqual({ close: 4000, reason: "" });
    expect(await closed).toEqual({ closed: 1, terminated: 0 });
  });

  test("refuses wrong options without a trace", async () => {
    const server = await startUpgrader();
    expect(() => server.upgrader.close({ code: 1005, reason: "x" })).toThrow(RangeError);
    expect(() => server.upgrader.close({ deadlineMs: 0.5 })).toThrow("deadlineMs");
    expect(() => server.upgrader.close({ deadline: 5 } as never)).toThrow('close has no option "deadline"');
    await RawPeer.join(server.port);
    expect(await server.upgrader.close({ deadlineMs: 1 })).toEqual({ closed: 0, terminated: 1 });
  });
});
