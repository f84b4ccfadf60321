import { once } from "node:events";
import { get, request } from "node:http";
import { connect as connectTcp } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { type Connection, connect, type ConnectOptions, socketOf } from "halyard/client";
import { jsonChannel } from "halyard/json";
import { Tally } from "halyard/observers";
import { ReconnectingSocket } from "halyard/reconnecting";
import { serve, type ServeOptions, type Server } from "halyard/server";
import { WebSocket, WebSocketStream } from "halyard/web";
import { generate } from "selfsigned";
import { afterAll, beforeAll, expect, test } from "vitest";
import { liveBytes } from "../support/live-bytes.js";

/** How often each thing is done before and between the two looks: what is kept for every time is then far more than what comes and goes. */
const TIMES = 32;
const AT_ONCE = 8;
const MORE_OBJECTS = TIMES / 4;
/** Until what ends a thing has ended, too: both sides of its socket. */
const SETTLED_MS = 50;

const ignore = (): void => {};

const routes: ServeOptions["routes"] = {
  "/echo": { message: (socket, message) => socket.send(message) },
  "/throws": { message: () => Promise.reject(new Error("a fault of the application")), error: ignore },
  "/once": async (socket) => {
    for await (const message of socket) {
      await socket.send(message);
      break;
    }
  },
  "/room": {
    open: (socket) => plain.topic(`room of ${socket.remote}`).add(socket),
    message: (socket, message) => void plain.topic(`room of ${socket.remote}`).publish(message),
  },
};

let plain: Server;
let secure: Server;
/** Has all that watches over a connection, soon. */
let strict: Server;
let tls: ConnectOptions;

beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }]);
  const shared = { host: "127.0.0.1", routes, onError: ignore } as const;
  plain = await serve({ ...shared, compression: true });
  secure = await serve({ ...shared, tls: { key, cert }, http2: true });
  strict = await serve({
    ...shared,
    rateLimit: { messagesPerSecond: 5, burstSeconds: 1, whenExceeded: "close" },
    pingIntervalMs: 20,
    idleTimeoutMs: 40,
    observer: new Tally().observer,
  });
  tls = { tls: { ca: cert } };
});

afterAll(async () => {
  for (const server of [plain, secure, strict]) await server.close({ deadlineMs: 0 });
});

async function open(path: string, options?: ConnectOptions): Promise<Connection> {
  return await connect(`ws://127.0.0.1:${plain.port}${path}`, { onError: ignore, ...options });
}

async function openSecurely(options: ConnectOptions = {}): Promise<Connection> {
  return await connect(`wss://localhost:${secure.port}/echo`, { ...tls, ...options });
}

/** One message there and back, and the end. */
async function echo(connection: Connection): Promise<void> {
  await connection.send("hello");
  await connection.receive();
  await connection.close();
}

const lasting = new AbortController();

const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
  "an echo": async () => await echo(await open("/echo")),
  "an echo, compressed": async () => await echo(await open("/echo", { compression: true })),
  "an echo over TLS": async () => await echo(await openSecurely()),
  "an echo over HTTP/2": async () => await echo(await openSecurely({ http2: true })),
  "a connection cut off by us": async () => {
    const connection = await openSecurely({ http2: true });
    connection.write("hello");
    connection.terminate();
    await connection.closed;
  },
  "signals that are never given": async () => {
    const connection = await open("/echo", { signal: lasting.signal });
    await connection.receive({ signal: lasting.signal, timeoutMs: 1 }).catch(ignore);
    await connection.close();
  },
  "a signal to give up": async () => {
    const giveUp = new AbortController();
    const connecting = open("/echo", { signal: giveUp.signal });
    giveUp.abort();
    await connecting.catch(ignore);
  },
  "a handler that fails": async () => {
    const connection = await open("/throws");
    connection.write("hello");
    await connection.closed;
  },
  "a loop that is left": async () => {
    const connection = await open("/once");
    connection.write("hello");
    for await (const _ of connection) break;
    await connection.closed;
  },
  "a stream that is left": async () => {
    const connection = await open("/echo");
    connection.write(new Uint8Array(300_000));
    for await (const _ of (await connection.receiveStream()) ?? []) break;
    await connection.close();
  },
  "a source that fails": async () => {
    const connection = await open("/echo");
    async function* source(): AsyncGenerator<string> {
      yield "hello";
      throw new Error("no more");
    }
    await connection.send(source()).catch(ignore);
    await connection.closed;
  },
  "a Blob": async () => {
    const connection = await open("/echo");
    await connection.send(new Blob(["hello"]));
    await connection.receive();
    await connection.close();
  },
  "a topic of its own": async () => await echo(await open("/room")),
  "a channel of JSON": async () => {
    const connection = await open("/echo");
    const channel = jsonChannel(connection);
    await channel.send({ hello: true });
    await channel.receive();
    await connection.close();
  },
  "a path that is not there": async () => await open("/nowhere").catch(ignore),
  "a way that is not there": async () =>
    await open("/echo", { dial: () => Promise.reject(new Error("no way")) }).catch(ignore),
  "too many messages": async () => {
    const connection = await connect(`ws://127.0.0.1:${strict.port}/echo`);
    connection.handle({ message: ignore });
    for (let i = 0; i < 20; i++) connection.write("hello");
    expect(await connection.closed).toMatchObject({ code: 1008 });
  },
  "no message": async () => {
    const connection = await connect(`ws://127.0.0.1:${strict.port}/echo`);
    expect(await connection.closed).toMatchObject({ code: 1001 });
  },
  "the web's WebSocket": async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${plain.port}/echo`);
    await once(socket, "open");
    socket.send("hello");
    await once(socket, "message");
    socket.close();
    await once(socket, "close");
  },
  "the web's WebSocket, in vain": async () => {
    await once(new WebSocket(`ws://127.0.0.1:${plain.port}/nowhere`), "close");
  },
  "the web's WebSocketStream": async () => {
    const socket = new WebSocketStream(`ws://127.0.0.1:${plain.port}/echo`);
    const { readable, writable } = await socket.opened;
    await writable.getWriter().write("hello");
    await readable.getReader().read();
    socket.close();
    await socket.closed;
  },
  "a socket that comes back, in vain": async () => {
    const socket = new ReconnectingSocket("ws://127.0.0.1:1/", {
      firstDelayMs: 1,
      maxDelayMs: 2,
      open: async (url, { signal }) => socketOf(await connect(url, { signal })),
    });
    await delay(8);
    await socket.close();
  },
  "half a handshake": async () => {
    const socket = connectTcp(plain.port, "127.0.0.1");
    socket.write("GET /echo HT");
    await delay(2);
    socket.resetAndDestroy();
    await once(socket, "close");
  },
  "another protocol": async () => {
    const socket = connectTcp(plain.port, "127.0.0.1");
    socket.resume().on("error", ignore).write("\u0000\u0001\r\n\r\n");
    await once(socket, "close");
  },
  "a request for a file": async () => {
    const getting = get(
      `http://127.0.0.1:${plain.port}/nothing`,
      { agent: false },
      (response) => void response.resume(),
    );
    await once(getting, "close");
  },
  "a long request": async () => {
    const posting = request(`http://127.0.0.1:${plain.port}/echo`, { method: "POST", agent: false });
    posting.on("error", ignore).end("x".repeat(100_000));
    await once(posting, "close");
  },
  "a server": async () => {
    const server = await serve({ host: "127.0.0.1", routes });
    const connection = await connect(`ws://127.0.0.1:${server.port}/echo`);
    await server.close();
    await connection.closed;
  },
};

/** All that there are once garbage is collected. */
async function objects(): Promise<number> {
  await delay(SETTLED_MS);
  liveBytes();
  return queryObjects(Object, { format: "count" });
}

async function repeat(deed: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < TIMES; time += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, deed));
}

/** How many more there are once it has been done again. */
async function keptOf(deed: () => Promise<unknown>): Promise<number> {
  const before = await objects();
  await repeat(deed);
  let kept = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 5 && kept >= MORE_OBJECTS; look++) kept = (await objects()) - before;
  return kept;
}

test.each(Object.entries(deeds))("nothing is kept of %s", { timeout: 60_000 }, async (_, deed) => {
  await repeat(deed);
  let kept = await keptOf(deed);
  // What is made once and for all, by whomever in this process, is not there a second time.
  for (let again = 0; again < 2 && kept >= MORE_OBJECTS; again++) kept = await keptOf(deed);
  expect(kept).toBeLessThan(MORE_OBJECTS);
});
