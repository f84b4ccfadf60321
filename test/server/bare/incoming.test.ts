import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { refuse, type Refusal, type ServeOptions } from "../../../src/server/index.js";
import { parseHttpResponse } from "../../support/http-response.js";
import { RawPeer } from "../../support/raw-peer.js";
import { RawSocket, type RawSocketOptions } from "../../support/raw-socket.js";
import { until } from "../../support/turns.js";
import { upgradeRequest } from "../../support/upgrade-request.js";
import { listeningOn, type Path, PATHS, untilCount } from "./both-paths.js";

const RESPONSE = "HTTP/1.1 418 I'm a Teapot\r\nContent-Length: 2\r\n\r\n\u{e9}!";
const echo: ServeOptions["routes"] = { "/": { message: (socket, message) => socket.write(message) } };

/** A server whose `authorize` is given Node's request, and all that it was told. */
async function start(path: Path, authorize: (incoming: IncomingMessage) => unknown, options = {}) {
  const errors: unknown[] = [];
  const refusals: Refusal[] = [];
  const server = await listeningOn(path, {
    routes: echo,
    authorize: async ({ incoming }): Promise<undefined> => void (await authorize(incoming as IncomingMessage)),
    onError: (error) => void errors.push(error),
    onRefused: (refusal) => void refusals.push(refusal),
    ...options,
  });
  return { server, port: server.port, errors, refusals };
}

/** The same, whose `authorize` answers within the turn. */
async function startSync(path: Path, authorize: (incoming: IncomingMessage) => unknown) {
  const options = { authorize: ({ incoming }: { incoming: IncomingMessage }) => void authorize(incoming) };
  return await start(path, () => {}, options);
}

/** All that a request of Node's tells, with the ports as what they are. */
function describeIncoming(incoming: IncomingMessage, clientPort: number, port: number) {
  const { method, url, httpVersion, httpVersionMajor, httpVersionMinor, complete, aborted } = incoming;
  const { headers, headersDistinct, rawHeaders, trailers, rawTrailers, socket } = incoming;
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily } = socket;
  const { readable, writable, destroyed, readyState, pending, connecting } = socket;
  return {
    method,
    url,
    httpVersion,
    httpVersionMajor,
    httpVersionMinor,
    complete,
    aborted,
    headers,
    headersDistinct,
    rawHeaders,
    trailers,
    rawTrailers,
    upgrade: (incoming as unknown as { upgrade: unknown }).upgrade,
    isSameSocket: incoming.connection === socket,
    remoteAddress,
    remoteFamily,
    localAddress,
    localFamily,
    readable,
    writable,
    destroyed,
    readyState,
    pending,
    connecting,
    encrypted: "encrypted" in socket,
    ports: [remotePort === clientPort, localPort === port],
    address: { ...socket.address(), port: (socket.address() as { port: number }).port === port },
  };
}

async function described(path: Path, request: string, host: string | undefined, client: RawSocketOptions) {
  let seen: IncomingMessage | undefined;
  let description: unknown;
  const { port } = await start(
    path,
    (incoming) => {
      seen = incoming;
      description = describeIncoming(incoming, clientPort, port);
    },
    { host },
  );
  const raw = await RawSocket.connect(port, client);
  const clientPort = raw.socket.localPort as number;
  raw.write(request);
  expect((await raw.take(parseHttpResponse))?.status).toBe(101);
  expect(seen).toBeDefined();
  return description;
}

describe("incoming is as node:http makes it:", () => {
  const rich = upgradeRequest({
    path: "/?a=%20b&c#d",
    headers: {
      "X-Custom": ["1", "2"],
      "x-custom": "3",
      Cookie: ["a=1", "b=2"],
      "Set-Cookie": ["c=3", "d=4"],
      "User-Agent": ["one", "two"],
      "Content-Type": ["text/a", "text/b"],
      __proto__X: "y",
      constructor: "z",
      Empty: "",
      Origin: "http://example.com",
    },
  });

  test.each([
    ["over IPv4", upgradeRequest(), "127.0.0.1", {}],
    ["over IPv6", upgradeRequest(), "::1", { host: "::1" }],
    ["over IPv4 to a listener for both", upgradeRequest(), undefined, {}],
    ["with headers of all kinds", rich, "127.0.0.1", {}],
    ["with a header of the name __proto__", rich.replace("X-Custom", "__proto__"), "127.0.0.1", {}],
  ])("%s", async (_what, request, host, client) => {
    const plain = await described("plain", request, host, client);
    expect(plain).toMatchObject({ method: "GET", complete: true, upgrade: true, ports: [true, true] });
    expect(await described("bare", request, host, client)).toEqual(plain);
  });
});

describe.each(PATHS)("incoming on the %s path", (path) => {
  test("has a body, which is empty", async () => {
    const bodies: number[] = [];
    const { port } = await start(path, async (incoming) => void bodies.push((await buffer(incoming)).length));
    await RawPeer.join(port);
    expect(bodies).toEqual([0]);
  });

  test("is there for onRefused too", async () => {
    const ports: unknown[] = [];
    const onRefused: ServeOptions["onRefused"] = (_refusal, { socket, url }) => void ports.push(url, socket.remotePort);
    const { port } = await start(path, () => {}, { onRefused, authorize: () => refuse(401) });
    const { raw } = await RawPeer.ask(port, { path: "/?x" });
    expect(ports).toEqual(["/?x", raw.socket.localPort]);
  });

  test.each([
    ["a string", (incoming: IncomingMessage) => void incoming.socket.end(RESPONSE, "latin1")],
    ["bytes", (incoming: IncomingMessage) => void incoming.socket.end(Buffer.from(RESPONSE, "latin1"))],
    [
      "several pieces",
      ({ socket }: IncomingMessage) => {
        socket.cork();
        for (const character of RESPONSE) socket.write(character, "latin1");
        socket.uncork();
        socket.end();
      },
    ],
    [
      "pieces one by one",
      ({ socket }: IncomingMessage) => {
        for (const character of RESPONSE) socket.write(Buffer.from(character, "latin1"));
        socket.end();
      },
    ],
  ])("takes an answer of one's own, and no other comes behind it: %s", async (_what, answer) => {
    for (const begin of [start, startSync]) {
      const { server, port, errors, refusals } = await begin(path, answer);
      const raw = await RawSocket.connect(port);
      raw.write(upgradeRequest());
      expect(await raw.rest()).toBe(RESPONSE);
      raw.end();
      await untilCount(server, 0);
      expect(server.connections.size).toBe(0);
      expect([errors, refusals]).toEqual([[], []]);
    }
  });

  test("takes an answer that is too long for the kernel, whole", async () => {
    const long = Buffer.alloc(16 << 20);
    const { server, port } = await start(path, async ({ socket }) => {
      socket.end(long);
      await once(socket, "finish");
    });
    const raw = await RawSocket.connect(port);
    raw.write(upgradeRequest());
    raw.stopReading();
    await untilCount(server, 1);
    raw.discard();
    await raw.ended;
    expect(raw.socket.bytesRead).toBe(long.length);
    raw.end();
    await untilCount(server, 0);
  });

  test.each([
    ["the socket", ({ socket }: IncomingMessage) => void socket.destroy()],
    ["the socket, with an error", ({ socket }: IncomingMessage) => void socket.destroy(new Error("mine"))],
    ["the request", (incoming: IncomingMessage) => void incoming.destroy()],
  ])("may be destroyed: %s", async (_what, destroy) => {
    for (const begin of [start, startSync]) {
      const { server, port, errors, refusals } = await begin(path, destroy);
      const raw = await RawSocket.connect(port);
      raw.write(upgradeRequest());
      expect(await raw.rest()).toBe("");
      await untilCount(server, 0);
      expect(server.connections.size).toBe(0);
      expect([errors, refusals]).toEqual([[], []]);
    }
  });

  test("has a socket that closes with the connection, once", async () => {
    const log: string[] = [];
    const { server, port } = await start(path, ({ socket }) => void socket.on("close", () => log.push("close")));
    const peer = await RawPeer.join(port);
    expect(log).toEqual([]);
    peer.close(1000);
    await peer.leave();
    await until(() => log.length > 0);
    await untilCount(server, 0);
    expect(log).toEqual(["close"]);
  });

  test("has a socket that closes when the client resets before it is answered", async () => {
    const closed: boolean[] = [];
    const { server, port } = await start(path, async ({ socket }) => {
      await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
      closed.push(socket.destroyed);
    });
    const raw = await RawSocket.connect(port);
    raw.write(upgradeRequest());
    await untilCount(server, 1);
    raw.reset();
    await until(() => closed.length > 0);
    expect(closed).toEqual([true]);
    await untilCount(server, 0);
  });

  test("has a socket whose end is that of the open connection", async () => {
    let end = (): void => {};
    const { server, port } = await start(path, ({ socket }) => (end = () => void socket.destroy()));
    const peer = await RawPeer.join(port);
    const [connection] = server.connections;
    end();
    expect(await connection?.closed).toMatchObject({ code: 1006, clean: false });
    expect(await peer.hearAll()).toEqual([]);
  });

  // An error that nobody listens for ends the process; here it fails the run.
  test("may be left by the client in the middle of what is written to it", async () => {
    let isClosed = false;
    const { server, port } = await start(path, async ({ socket }) => {
      socket.write(Buffer.alloc(16 << 20));
      await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
      isClosed = true;
    });
    const raw = await RawSocket.connect(port);
    raw.stopReading();
    raw.write(upgradeRequest());
    await untilCount(server, 1);
    raw.reset();
    await until(() => isClosed);
    await untilCount(server, 0);
  });

  test("has a socket whose timeout ends with the handshake", async () => {
    const sockets: IncomingMessage["socket"][] = [];
    const { port } = await start(path, ({ socket }) => void sockets.push(socket.setTimeout(60_000)));
    await RawPeer.join(port);
    expect(sockets[0]?.timeout).toBe(0);
  });

  test("has a socket that takes options, also when it is closed", async () => {
    const sockets: IncomingMessage["socket"][] = [];
    const { server, port } = await start(path, ({ socket }) => void sockets.push(socket));
    const peer = await RawPeer.join(port);
    const [socket] = sockets as [IncomingMessage["socket"]];
    const setAll = () => socket.setNoDelay(false).setKeepAlive(true, 1_000).setNoDelay().setKeepAlive();
    expect(setAll()).toBe(socket);
    peer.say("still there");
    expect(await peer.hear()).toEqual({ text: "still there" });
    peer.raw.reset();
    await untilCount(server, 0);
    expect(setAll()).toBe(socket);
  });
});
