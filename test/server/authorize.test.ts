import { describe, expect, test } from "vitest";
import { defer } from "../../src/internal/deferred.js";
import { refuse, type UpgradeRequest } from "../../src/server/index.js";
import { timersOf } from "../support/clocked-meeting.js";
import { FakeClock } from "../support/fake-clock.js";
import { meet } from "../support/meeting.js";
import { RawPeer, text } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { nextTurn, until } from "../support/turns.js";
import { startUpgrader } from "../support/upgrade-server.js";
import { upgradeRequest } from "../support/upgrade-request.js";

/** An `authorize` that waits until the test decides, or for ever. */
function pending<Data>() {
  const asked = defer<UpgradeRequest>();
  const decided = defer<Data>();
  return {
    asked: asked.promise,
    decide: decided.resolve,
    fail: decided.reject,
    authorize: (request: UpgradeRequest): Promise<Data> => {
      asked.resolve(request);
      return decided.promise;
    },
  };
}

describe("what authorize is asked with", () => {
  test("may be derived from, or stand behind a proxy", async () => {
    const asked: UpgradeRequest[] = [];
    await meet({ authorize: (request) => void asked.push(request) });
    const [request] = asked as [UpgradeRequest];
    for (const other of [Object.create(request) as UpgradeRequest, new Proxy(request, {})]) {
      expect(other.incoming).toBe(request.incoming);
      expect(other.signal).toBe(request.signal);
      expect(other.url).toBe("/");
    }
  });
});

describe("what authorize returns", () => {
  test("becomes connection.data", async () => {
    const { connection } = await meet(
      { authorize: (request) => ({ name: request.headers.cookie }) },
      {
        headers: { Cookie: "ada" },
      },
    );
    expect(connection.data.name).toBe("ada");
  });

  test("is awaited", async () => {
    const { connection } = await meet({ authorize: () => nextTurn().then(() => 42) });
    expect(connection.data).toBe(42);
  });

  test.each([[undefined], [null], [false], [0], [""]])("may be %j: only `refuse` refuses", async (data) => {
    const { connection } = await meet({ authorize: () => data });
    expect(connection.data).toBe(data);
  });

  test("may rest on all that the handshake says", async () => {
    const asked: UpgradeRequest[] = [];
    const { peer, server } = await meet(
      { authorize: (request) => void asked.push(request) },
      {
        path: "/chat?room=1",
        headers: { Host: "example.com:8080", Origin: "http://example.com:8080", "Sec-WebSocket-Protocol": "a, b" },
      },
    );
    expect(asked).toMatchObject([
      {
        url: "/chat?room=1",
        host: "example.com:8080",
        origin: "http://example.com:8080",
        subprotocols: ["a", "b"],
        remote: `127.0.0.1:${peer.raw.socket.localPort}`,
        local: `127.0.0.1:${server.port}`,
        headers: { "sec-websocket-version": "13" },
        signal: { aborted: false },
        incoming: { method: "GET" },
      },
    ]);
  });

  test("is not asked for when the handshake is wrong or the origin may not connect", async () => {
    const server = await startUpgrader({
      authorize: () => {
        throw new Error("asked");
      },
    });
    for (const headers of [{ "Sec-WebSocket-Key": "short" }, { Origin: "http://evil.example" }]) {
      const { response } = await RawPeer.ask(server.port, { headers });
      expect([400, 403]).toContain(response?.status);
    }
  });
});

describe("refuse()", () => {
  test("gives the client a status, headers and a body that it can read", async () => {
    const server = await startUpgrader({
      authorize: () =>
        refuse(401, {
          headers: { "WWW-Authenticate": 'Bearer realm="chat"', "Set-Cookie": ["a=1", "b=2"] },
          body: "Log in first ⚓\n",
        }),
    });
    const { raw, response } = await RawPeer.ask(server.port);
    expect(response).toEqual({
      status: 401,
      headers: {
        connection: "close",
        "content-length": "17",
        "content-type": "text/plain; charset=utf-8",
        "www-authenticate": 'Bearer realm="chat"',
        "set-cookie": "a=1, b=2",
      },
      body: "Log in first ⚓\n",
    });
    expect(await raw.rest()).toBe("");
    expect(server.refusals).toMatchObject([{ code: "not-authorized", status: 401 }]);
  });

  test("may be thrown as well as returned", async () => {
    const server = await startUpgrader({
      authorize: () => {
        // oxlint-disable-next-line typescript/only-throw-error -- what people do who know it from other frameworks
        throw refuse(403, { body: "Not you\n" });
      },
    });
    const { response } = await RawPeer.ask(server.port);
    expect(response).toMatchObject({ status: 403, body: "Not you\n" });
  });

  test("takes a body of bytes with a type of its own, or none at all", async () => {
    const bodies = [
      refuse(403, { headers: { "content-type": "application/json" }, body: Buffer.from('{"why":"no"}') }),
      refuse(302, { headers: { Location: "https://example.com/login" } }),
    ];
    const server = await startUpgrader({ authorize: () => bodies.shift() });
    const json = await RawPeer.ask(server.port);
    expect(json.response).toMatchObject({
      status: 403,
      headers: { "content-type": "application/json" },
      body: '{"why":"no"}',
    });
    const redirect = await RawPeer.ask(server.port);
    expect(redirect.response).toEqual({
      status: 302,
      headers: { connection: "close", "content-length": "0", location: "https://example.com/login" },
      body: "",
    });
  });

  test.each([299, 600, 101, 200, 400.5, Number.NaN, "401"])("throws a RangeError for status %j", (status) => {
    expect(() => refuse(status as number)).toThrow(RangeError);
  });

  test.each([
    ["CR LF in a value", { "X-A": "a\r\nX-B: 1" }],
    ["a name that is no token", { "X A": "a" }],
    ["a header that it sets itself", { "Content-Length": "5" }],
    ["another that it sets itself", { connection: "keep-alive" }],
    ["one of the handshake's", { "Sec-WebSocket-Accept": "a" }],
  ])("throws a TypeError for %s", (_, headers) => {
    expect(() => refuse(401, { headers })).toThrow(TypeError);
  });
});

describe("an authorize that fails", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("database down");
      },
    ],
    ["rejects", () => Promise.reject(new Error("database down"))],
  ])("(it %s) has the client refused with 500, which says no more, and onError told", async (_, authorize) => {
    const server = await startUpgrader({ authorize });
    const { response } = await RawPeer.ask(server.port);
    expect(response).toMatchObject({ status: 500, body: "The server could not complete the handshake.\n" });
    expect(server.errors.splice(0)).toEqual([new Error("database down")]);
    expect(server.refusals).toMatchObject([{ code: "handshake-failed" }]);
  });

  test("has the error printed when there is no onError", async () => {
    const printed: unknown[][] = [];
    const original = console.error;
    console.error = (...args) => void printed.push(args);
    try {
      const server = await startUpgrader({ authorize: () => Promise.reject(new Error("oh")), onError: undefined });
      await RawPeer.ask(server.port);
      expect(printed).toEqual([["halyard:", new Error("oh")]]);
    } finally {
      console.error = original;
    }
  });

  test("and an onError and an onRefused that throw change nothing for the client", async () => {
    const fail = (): never => {
      throw new Error("worse");
    };
    const server = await startUpgrader({ authorize: fail, onError: fail, onRefused: fail });
    const { response } = await RawPeer.ask(server.port);
    expect(response?.status).toBe(500);
    expect((await RawPeer.ask(server.port, { method: "POST" })).response?.status).toBe(405);
  });
});

describe("an onRefused that throws", () => {
  test("goes to onError", async () => {
    const server = await startUpgrader({
      onRefused: () => {
        throw new Error("oh");
      },
    });
    await RawPeer.ask(server.port, { method: "POST" });
    expect(server.errors.splice(0)).toEqual([new Error("oh")]);
  });
});

describe("handshakeTimeoutMs", () => {
  test("refuses a client with 408 whose authorize never settles, not a millisecond early, and aborts its signal", async () => {
    const { asked, authorize } = pending();
    const clock = new FakeClock();
    const server = await startUpgrader({ handshakeTimeoutMs: 3_000, authorize }, { timers: timersOf(clock) });
    const asking = RawPeer.ask(server.port);
    const { signal } = await asked;
    clock.advance(2_999);
    await nextTurn();
    expect(signal.aborted).toBe(false);
    expect(server.refusals).toEqual([]);
    clock.advance(1);
    const { raw, response } = await asking;
    expect(response).toMatchObject({ status: 408, body: "The handshake took too long.\n" });
    expect(signal.aborted).toBe(true);
    expect(server.refusals).toMatchObject([{ code: "handshake-timeout" }]);
    expect(await raw.rest()).toBe("");
  });

  test("is 10 seconds by default", async () => {
    const { asked, authorize } = pending();
    const clock = new FakeClock();
    const server = await startUpgrader({ authorize }, { timers: timersOf(clock) });
    const asking = RawPeer.ask(server.port);
    const { signal } = await asked;
    clock.advance(9_999);
    expect(signal.aborted).toBe(false);
    clock.advance(1);
    expect(signal.aborted).toBe(true);
    expect((await asking).response?.status).toBe(408);
  });

  test.each(["checkOrigin", "checkHost", "subprotocols"])("covers %s too", async (option) => {
    const clock = new FakeClock();
    const asked = defer<void>();
    const never = (): Promise<never> => {
      asked.resolve();
      return new Promise(() => {});
    };
    const server = await startUpgrader({ [option]: never }, { timers: timersOf(clock) });
    const asking = RawPeer.ask(server.port, {
      headers: { Origin: "http://example.com", "Sec-WebSocket-Protocol": "a" },
    });
    await asked.promise;
    clock.advance(10_000);
    expect((await asking).response?.status).toBe(408);
  });

  test("is over once the client is in: it is still there when a later one has run out of time", async () => {
    let count = 0;
    const late = pending<undefined>();
    const clock = new FakeClock();
    const authorize = (request: UpgradeRequest) => (count++ === 0 ? undefined : late.authorize(request));
    const server = await startUpgrader({ authorize }, { timers: timersOf(clock) });
    const peer = await RawPeer.join(server.port);
    const connection = await server.accepted();
    const asking = RawPeer.ask(server.port);
    await late.asked;
    clock.advance(10_000);
    expect((await asking).response?.status).toBe(408);
    await connection.send("still here");
    expect(await peer.hear()).toEqual({ text: "still here" });
  });

  test("drops what authorize says too late, a refusal and an error among it", async () => {
    for (const late of ["decide", "fail"] as const) {
      const { asked, authorize, ...rest } = pending<unknown>();
      const clock = new FakeClock();
      const server = await startUpgrader({ authorize }, { timers: timersOf(clock) });
      const asking = RawPeer.ask(server.port);
      await asked;
      clock.advance(10_000);
      expect((await asking).response?.status).toBe(408);
      rest[late](new Error("too late"));
      await nextTurn();
      expect(server.upgrader.connections.size).toBe(0);
      expect(server.errors).toEqual([]);
    }
  });
});

describe("a client that leaves while authorize waits", () => {
  for (const leave of ["reset", "end"] as const) {
    test(`(by a TCP ${leave}) aborts the signal, and gives no connection`, async () => {
      const { asked, decide, authorize } = pending<undefined>();
      const server = await startUpgrader({ authorize, maxConnections: 1 });
      const raw = await RawSocket.connect(server.port);
      raw.write(upgradeRequest());
      const { signal } = await asked;
      raw[leave]();
      await until(() => signal.aborted);
      await raw.ended;
      decide(undefined);
      await nextTurn();
      expect(server.upgrader.connections.size).toBe(0);
      expect(server.refusals).toEqual([]);
      await RawPeer.join(server.port); // the slot is free again
    });
  }

  test("is let in when it has only said all that it has to say: what it said is received", async () => {
    const { asked, decide, authorize } = pending<undefined>();
    const server = await startUpgrader({ authorize });
    const peer = new RawPeer(await RawSocket.connect(server.port));
    peer.raw.write(upgradeRequest());
    peer.send(text("all of it"));
    peer.raw.end();
    await asked;
    decide(undefined);
    const connection = await server.accepted();
    expect(await connection.receive()).toBe("all of it");
    expect(await connection.closed).toMatchObject({ code: 1006, by: "peer" });
  });
});
