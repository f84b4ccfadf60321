import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type Connection, connect, type ConnectOptions, socketOf } from "halyard/client";
import { ReconnectingSocket } from "halyard/reconnecting";
import { expect } from "vitest";
import { type CloseEvent, WebSocket as HalyardWebSocket } from "halyard/web";
import WebSocket from "ws";
import { below, isTrueFor, oneOf, someLength, someMessages } from "./chance.js";
import type { Host, Visit } from "./host.js";

const MOST_BYTES = 8 * 1024 * 1024;
/** Longer than any answer takes on a machine that is busy. */
const PATIENCE_MS = 20_000;

/** Comes by one of the ways that there are. */
function enter({ port, strictPort, securePort, ca }: Host, path: string): Promise<Connection> {
  const options: ConnectOptions = { compression: isTrueFor(0.3), maxMessageBytes: MOST_BYTES };
  if (isTrueFor(0.7)) return connect(`ws://127.0.0.1:${oneOf([port, strictPort])}${path}`, options);
  return connect(`wss://localhost:${securePort}${path}`, { ...options, tls: { ca }, http2: isTrueFor(0.5) });
}

/** Ends a connection as peers do: politely, without a word, or with a word and no patience. */
async function leave(connection: Connection): Promise<void> {
  const way = below(3);
  if (way === 0) {
    expect(await connection.close(4000, "bye")).toMatchObject({ code: 4000, clean: true });
    return;
  }
  if (way === 1) void connection.close();
  connection.terminate();
  await connection.closed;
}

/** To compare long messages by `expect` takes longer than to echo them. */
export function expectSame(received: string | Uint8Array | undefined, sent: string | Buffer | undefined): void {
  const isSame =
    typeof sent === "string" ? received === sent : received instanceof Uint8Array && sent?.equals(received);
  if (isSame !== true) expect(received).toEqual(sent);
}

/** Takes `messages`, at once or with pauses. */
async function take(connection: Connection, messages: readonly (string | Buffer)[], pauseMs?: number): Promise<void> {
  for (const message of messages) {
    if (pauseMs !== undefined) await delay(pauseMs);
    expectSame(await connection.receive({ timeoutMs: PATIENCE_MS }), message);
  }
}

/** Sends messages of all kinds, many at a time, and gets each back. */
export const echo: Visit = async (host) => {
  const connection = await enter(host, oneOf(["/echo", "/borrowed", "/loop", "/slow"]));
  const pauseMs = oneOf([undefined, undefined, 0, 3]);
  for (let round = below(5); round >= 0; round--) {
    const messages = someMessages();
    await Promise.all([take(connection, messages, pauseMs), ...messages.map((message) => connection.send(message))]);
  }
  if (isTrueFor(0.5)) await connection.ping();
  await leave(connection);
};

/** Sends messages, and leaves with what is left of the answers. */
export const echoSome: Visit = async (host) => {
  const connection = await enter(host, oneOf(["/echo", "/borrowed", "/loop", "/slow"]));
  const messages = someMessages();
  for (const message of messages) connection.send(message).catch(() => {});
  await take(connection, messages.slice(0, below(messages.length)));
  await leave(connection);
};

/** Takes the answers in a handler, and sends the next message in it. */
export const echoByHandler: Visit = async (host) => {
  const connection = await enter(host, oneOf(["/echo", "/borrowed", "/loop", "/slow"]));
  const messages = someMessages();
  let count = 0;
  connection.handle({
    borrows: isTrueFor(0.5),
    message: (socket, message) => {
      expectSame(message, messages[count++]);
      const next = messages[count];
      if (next !== undefined) socket.write(next);
      else if (count === messages.length) void socket.close(4000);
    },
  });
  connection.write(messages[0] as string | Buffer);
  expect(await connection.closed).toMatchObject({ code: 4000, clean: true });
  expect(count).toBe(messages.length);
};

/** The same by the interface of browsers. */
export const echoOfWeb: Visit = async ({ port, strictPort }) => {
  const socket = new HalyardWebSocket(`ws://127.0.0.1:${oneOf([port, strictPort])}/echo`);
  socket.binaryType = "arraybuffer";
  await once(socket, "open");
  const messages = someMessages();
  const received: (string | Uint8Array)[] = [];
  const closed = once(socket, "close") as Promise<[CloseEvent]>;
  socket.addEventListener("message", ({ data }) => {
    received.push(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
    if (received.length === messages.length) socket.close(4001);
  });
  for (const message of messages) socket.send(message);
  const [{ code }] = await closed;
  expect(code).toBe(4001);
  for (const [i, message] of messages.entries()) expectSame(received[i], message);
};

/** And with another's client. */
export const echoOfWs: Visit = async ({ port }) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { perMessageDeflate: isTrueFor(0.5) });
  await once(socket, "open");
  const messages = someMessages();
  const received: Promise<void> = new Promise((resolve, reject) => {
    let count = 0;
    socket.on("message", (data: Buffer, isBinary) => {
      const message = messages[count++];
      if (typeof message === "string" ? isBinary || data.toString() !== message : !message?.equals(data)) {
        reject(new Error(`message ${count} came back as another`));
      } else if (count === messages.length) resolve();
    });
    socket.once("close", (code) => reject(new Error(`closed with ${code} after ${count} of ${messages.length}`)));
  });
  for (const message of messages) socket.send(message);
  await received;
  if (isTrueFor(0.5)) socket.close(1000);
  else socket.terminate();
  await once(socket, "close");
};

/** Sends one message in many pieces and reads it back in as many as come, to its end or not, and then another. */
export const stream: Visit = async (host) => {
  const connection = await enter(host, "/stream");
  const pieces = Array.from({ length: 1 + below(60) }, () => randomBytes(1 + someLength()));
  async function* source(): AsyncGenerator<Uint8Array> {
    yield* pieces;
  }
  const most = isTrueFor(0.3) ? below(MOST_BYTES) : MOST_BYTES;
  const [received] = await Promise.all([
    takePieces(connection, most),
    connection.send(source()),
    connection.send("then"),
  ]);
  expect(Buffer.concat(pieces).subarray(0, received.length).equals(received)).toBe(true);
  expect(await connection.receive({ timeoutMs: PATIENCE_MS })).toBe("then");
  await leave(connection);
};

/** A message as far as `most` bytes and what came with the last of them. */
async function takePieces(connection: Connection, most: number): Promise<Buffer> {
  const received: Uint8Array[] = [];
  let length = 0;
  for await (const piece of (await connection.receiveStream({ timeoutMs: PATIENCE_MS })) ?? []) {
    received.push(piece as Uint8Array);
    if ((length += piece.length) > most) break;
  }
  return Buffer.concat(received);
}

/** Every message of each who speaks is heard from the first one on, in order. */
class Hearing {
  readonly #latest = new Map<string, number>();

  note(message: string): void {
    const [speaker = "", number = ""] = message.split(":", 2);
    const before = this.#latest.get(speaker);
    if (before !== undefined && Number(number) !== before + 1) {
      expect(`${speaker}:${number}`).toBe(`${speaker}:${before + 1}`);
    }
    this.#latest.set(speaker, Number(number));
  }

  latestOf(speaker: string): number | undefined {
    return this.#latest.get(speaker);
  }
}

let speakers = 0;

/** Publishes numbered messages, hears all of its own, and what others publish meanwhile. */
export const speak: Visit = async (host) => {
  const connection = await enter(host, "/news");
  const name = `speaker ${speakers++}`;
  const hearing = new Hearing();
  let said = 0;
  let published = 0;
  for (let round = below(20); round >= 0; round--) {
    for (let burst = below(16); burst >= 0; burst--) connection.write(`${name}:${said++}:${"x".repeat(below(400))}`);
    while (published < said) {
      const message = String(await connection.receive({ timeoutMs: PATIENCE_MS }));
      if (message === "published") published++;
      else hearing.note(message);
    }
  }
  expect(hearing.latestOf(name)).toBe(said - 1);
  await leave(connection);
};

/** Hears for a while, and leaves. */
export const listen: Visit = async (host) => {
  const connection = await enter(host, "/news");
  const hearing = new Hearing();
  connection.handle({ message: (_, message) => hearing.note(String(message)) });
  await delay(below(500));
  expect(connection.state).toBe("open");
  await leave(connection);
};

/** Comes back whenever it is sent away: each of its messages is answered, or told as a loss. */
export const comeBack: Visit = async ({ port, securePort, ca }) => {
  const isSecure = isTrueFor(0.5);
  const url = isSecure ? `wss://localhost:${securePort}/fickle` : `ws://127.0.0.1:${port}/fickle`;
  const options: ConnectOptions = isSecure ? { tls: { ca }, http2: isTrueFor(0.5) } : {};
  const socket = new ReconnectingSocket(url, {
    firstDelayMs: 5,
    maxDelayMs: 20,
    open: async (_, { signal }) => socketOf(await connect(url, { ...options, signal })),
  });
  const open = new Set<unknown>();
  socket.on("message", (message) => void open.delete(message));
  socket.on("loss", ({ messages }) => messages.forEach((message) => open.delete(message)));
  for (let number = below(60); number >= 0; number--) {
    const message = `${number}:${"x".repeat(below(2000))}`;
    open.add(message);
    socket.send(message);
    if (isTrueFor(0.3)) await delay(below(10));
  }
  for (const deadline = performance.now() + PATIENCE_MS; open.size > 0 && performance.now() < deadline;) await delay(5);
  expect([...open]).toEqual([]);
  await socket.close();
};
