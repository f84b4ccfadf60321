import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { queryObjects } from "node:v8";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, ConnectError, ConnectionError } from "../../src/client/index.js";
import { Connection } from "../../src/connection/connection.js";
import { frameBytes } from "../protocol/support/frame-bytes.js";
import { type AnswerChange, parseRequest, switching } from "../support/handshake-answer.js";
import { until } from "../support/turns.js";

/** What a client asks for: nothing of it lasts for long. */
const options = {
  handshakeTimeoutMs: 300,
  closeTimeoutMs: 100,
  pingIntervalMs: 100,
  pongTimeoutMs: 100,
  writeTimeoutMs: 500,
  maxMessageBytes: 64 * 1024,
} as const;
/** What the test waits for: longer than those, on a machine that is busy. */
const PATIENCE_MS = 10_000;

const header = fc.constantFrom("Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Date");
const value = fc.constantFrom(
  undefined,
  "",
  "websocket",
  "keep-alive",
  "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
  "permessage-deflate; client_max_window_bits=99",
  "x".repeat(20_000),
  ["websocket", "websocket"],
);
const statusLine = fc.constantFrom(
  "HTTP/1.1 101 Switching Protocols",
  "HTTP/1.1 200 OK",
  "HTTP/1.1 302 Found\r\nLocation: /elsewhere",
  "HTTP/1.1 401 Unauthorized",
  "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9",
  "HTTP/1.1 100 Continue",
  "HTTP/1.0 101 Switching Protocols",
  "ICY 200 OK",
  "",
);
/** Mostly right, or nothing would get any further. */
const answer: fc.Arbitrary<AnswerChange> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ statusLine, headers: fc.dictionary(header, value, { maxKeys: 2 }) }) },
);

const payload = fc.oneof(fc.uint8Array({ maxLength: 130 }), fc.uint8Array({ minLength: 300, maxLength: 70_000 }));
const frames = fc.oneof(
  fc
    .record({
      opcode: fc.constantFrom(0, 1, 2, 2, 8, 9, 10, 3, 15),
      payload,
      isFinal: fc.boolean(),
      reservedBits: fc.constantFrom(0, 0, 0, 4, 2),
      maskKey: fc.constantFrom(undefined, undefined, undefined, [1, 2, 3, 4]),
    })
    .map((spec) => frameBytes(spec)),
  fc.constantFrom("hello", "⚓").map((text) => frameBytes({ opcode: 1, payload: text })),
  fc.constant(frameBytes({ opcode: 8, payload: Uint8Array.of(0x03, 0xe8) })),
  fc.constant(frameBytes({ opcode: 2, announcedLength: 2n ** 63n })),
  fc
    .constant(frameBytes({ opcode: 9, payload: "ping" }))
    .map((ping) => Buffer.concat(Array.from({ length: 500 }, () => ping))),
  fc.uint8Array({ maxLength: 300 }),
);

const script = fc.record({
  answer,
  frames: fc.array(frames, { maxLength: 6 }),
  /** Into how many pieces all that is said is cut. */
  pieces: fc.integer({ min: 1, max: 6 }),
  /** How much of it is said. */
  said: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  end: fc.constantFrom("end", "destroy", "reset", "stay", "stop reading"),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

const use = fc.constantFrom("receive", "handle", "stream", "iterate", "flood", "leave", "terminate", "nothing");
type Use = typeof use extends fc.Arbitrary<infer T> ? T : never;

let server: Server;
/** What those who come now hear, each by the number in the path that it asks for. */
let scripts: readonly Script[];

async function play(socket: Socket): Promise<void> {
  let head = Buffer.alloc(0);
  let request = parseRequest(head);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    head = Buffer.concat([head, chunk as Buffer]);
    request = parseRequest(head);
    if (request !== undefined) break;
  }
  if (request === undefined) return;
  const { answer: change, frames: parts, pieces, said, end } = scripts[Number(request.value.target.slice(1))] as Script;
  if (end === "stop reading") socket.pause();
  else socket.resume();
  const all = Buffer.concat([Buffer.from(switching(request.value, change), "latin1"), ...parts]);
  const length = Math.floor(all.length * said);
  for (let piece = 0; piece < pieces && !socket.destroyed; piece++) {
    socket.write(all.subarray((length * piece) / pieces, (length * (piece + 1)) / pieces));
    await delay(1);
  }
  if (end === "end") socket.end();
  else if (end === "destroy") socket.destroy();
  else if (end === "reset") socket.resetAndDestroy();
}

beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {}); // the client has gone
    play(socket).catch(() => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(() => void server.close());

/** Uses a connection as programs do, and ends it. What rejects may do so by one kind of error. */
async function spend(connection: Connection, how: Use): Promise<void> {
  switch (how) {
    case "receive":
      while ((await connection.receive({ timeoutMs: 50 })) !== undefined);
      break;
    case "handle":
      connection.handle({ message: (socket, message) => void socket.write(message) });
      await connection.ping();
      break;
    case "stream": {
      for await (const piece of (await connection.receiveStream({ timeoutMs: 50 })) ?? [])
        expect(piece.length).toBeGreaterThan(0);
      break;
    }
    case "iterate":
      setTimeout(() => void connection.close(), 50);
      for await (const message of connection) await connection.send(message);
      break;
    case "flood":
      for (let i = 0; i < 50; i++) connection.write(new Uint8Array(50_000));
      await connection.close(4000);
      break;
    case "leave":
      await connection.close();
      break;
    case "terminate":
      connection.terminate();
      break;
    case "nothing":
  }
}

/** One client, from its coming to its end. */
async function visit(url: string, how: Use, compression: boolean): Promise<void> {
  const connection = await connect(url, { ...options, compression }).catch((error: unknown) => {
    expect(error).toBeInstanceOf(ConnectError);
    return undefined;
  });
  if (connection === undefined) return;
  await spend(connection, how).catch((error: unknown) => expect(error).toBeInstanceOf(ConnectionError));
  void connection.close();
  await connection.closed;
  expect(connection.bufferedBytes).toBe(0);
}

const client = fc.record({ script, how: use, compression: fc.boolean() });

test("whatever a server answers, in whatever pieces, a client is told what has become of it, and nothing is kept of it then", async () => {
  const keptBefore = queryObjects(Connection); // by other tests
  const { port } = server.address() as AddressInfo;
  const property = fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 24, size: "max" }), async (clients) => {
    scripts = clients.map((each) => each.script);
    await Promise.all(
      clients.map(async ({ how, compression }, i) => await visit(`ws://127.0.0.1:${port}/${i}`, how, compression)),
    );
  });
  await fc.assert(property, { numRuns: 20, timeout: PATIENCE_MS, endOnFailure: true });
  await until(() => queryObjects(Connection) <= keptBefore);
}, 60_000);
