import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type PerMessageDeflateOptions, WebSocketServer } from "ws";
import { connect } from "../../src/client/index.js";
import type { Connection } from "../../src/connection/index.js";
import type { CompressionOptions } from "../../src/server/index.js";
import { EchoProgram } from "../support/echo-program.js";
import { buildGorilla, hasGorilla, HOW_TO_INSTALL_GORILLA } from "../support/gorilla.js";
import { listening } from "../support/listening.js";
import { hasPythonWebsockets, HOW_TO_INSTALL_PYTHON_WEBSOCKETS, PYTHON } from "../support/python.js";
import { requirement } from "../support/requirement.js";

/** Clients that differ in everything that is offered. */
const clients: readonly CompressionOptions[] = [false, true].flatMap((contextTakeover) =>
  [false, true].flatMap((peerContextTakeover) =>
    [9, 15].flatMap((windowBits) =>
      [9, 15].map((peerWindowBits) => ({
        thresholdBytes: 0,
        contextTakeover,
        peerContextTakeover,
        windowBits,
        peerWindowBits,
      })),
    ),
  ),
);

/** Servers of ws that differ in everything that they ask for. */
const serversOfWs: readonly PerMessageDeflateOptions[] = [
  { threshold: 0 },
  { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  { threshold: 0, serverNoContextTakeover: true, serverMaxWindowBits: 12 },
  { threshold: 0, clientNoContextTakeover: true, clientMaxWindowBits: 12 },
];

const messages: readonly (string | Uint8Array)[] = [
  "Hello",
  "Hello",
  "",
  JSON.stringify({ type: "message", text: "héllo ⚓" }).repeat(20),
  Uint8Array.from({ length: 70_000 }, (_, i) => (i * i * 31) % 251),
  "a long text ".repeat(6_000),
  new Uint8Array(0),
  "Hello",
];

/** Our client's connection to a server on `port`; it leaves when the test is over. */
async function open(port: number, compression: CompressionOptions, path = "/"): Promise<Connection<undefined>> {
  const connection = await connect(`ws://127.0.0.1:${port}${path}`, { compression });
  onTestFinished(() => connection.terminate());
  return connection;
}

async function checkEcho(connection: Connection<undefined>): Promise<void> {
  for (const message of messages) {
    void connection.send(message);
    expectSame(await connection.receive(), message);
  }
  // And all at once, in order.
  for (const message of messages) connection.write(message);
  for (const message of messages) expectSame(await connection.receive(), message);
}

/** `toEqual` takes a fifth of a second for 70 KB. */
function expectSame(received: string | Uint8Array | undefined, sent: string | Uint8Array): void {
  expect(typeof received).toBe(typeof sent);
  expect(Buffer.from(received ?? "").equals(Buffer.from(sent))).toBe(true);
}

describe("our client", { timeout: 30_000 }, () => {
  test.each(serversOfWs)("has every message back from a server of ws with %j, whatever it offers", async (option) => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: option });
    onTestFinished(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    server.on("connection", (socket) => {
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    for (const compression of clients) {
      const connection = await open(port, compression);
      expect(connection.extensions).toMatch(/^permessage-deflate/);
      await checkEcho(connection);
      connection.terminate();
    }
  });

  test("has every message back from our own server, whatever the two are ready for", async () => {
    for (const serverCompression of clients.filter((_, i) => i % 3 === 0)) {
      const server = await listening({
        compression: serverCompression,
        routes: { "/": { message: (socket, message) => socket.write(message) } },
      });
      for (const compression of clients) {
        const connection = await open(server.port, compression);
        expect(connection.extensions).toMatch(/^permessage-deflate/);
        await checkEcho(connection);
        connection.terminate();
      }
    }
  });

  test("sends without compression to a server that allows it only a window of 256 bytes, and inflates what comes", async () => {
    const perMessageDeflate = { threshold: 0, clientMaxWindowBits: 8 };
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate });
    onTestFinished(() => server.close());
    const compressed: boolean[] = [];
    server.on("connection", (socket) => {
      const { _receiver: receiver } = socket as unknown as { _receiver: { _compressed: boolean } };
      socket.on("message", (data, isBinary) => {
        compressed.push(receiver._compressed);
        socket.send(data, { binary: isBinary });
      });
    });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const connection = await open(port, { thresholdBytes: 0 });
    expect(connection.extensions).toContain("client_max_window_bits=8");
    await checkEcho(connection);
    expect(new Set(compressed)).toEqual(new Set([false]));
    connection.terminate();
  });
});

/** Servers of Python's websockets that differ in everything that they ask for. */
const serversOfPython = [
  {},
  { server_no_context_takeover: true, client_no_context_takeover: true },
  { server_max_window_bits: 9, client_max_window_bits: 9 },
  { server_no_context_takeover: true, client_max_window_bits: 12, require_client_max_window_bits: true },
];

describe.runIf(
  requirement("compression tests: Python's websockets", hasPythonWebsockets(), HOW_TO_INSTALL_PYTHON_WEBSOCKETS),
)("our client", { timeout: 30_000 }, () => {
  test.each(serversOfPython)("has every message back from a server of Python's websockets with %j", async (option) => {
    const script = join(import.meta.dirname, "fixtures/python_deflate_server.py");
    const { port } = await EchoProgram.start(PYTHON, script, JSON.stringify(option));
    for (const compression of clients) {
      const connection = await open(port, compression);
      expect(connection.extensions).toMatch(/^permessage-deflate/);
      await checkEcho(connection);
      connection.terminate();
    }
  });
});

describe.runIf(requirement("compression tests: gorilla/websocket", hasGorilla(), HOW_TO_INSTALL_GORILLA))(
  "our client",
  { timeout: 120_000 },
  () => {
    test("has every message back from a server of gorilla/websocket, which keeps no context", async () => {
      const { port } = await EchoProgram.start(await buildGorilla(), "serve", "compressed");
      for (const compression of clients) {
        const connection = await open(port, compression, "/echo");
        expect(connection.extensions).toBe(
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        );
        await checkEcho(connection);
        connection.terminate();
      }
    });
  },
);
