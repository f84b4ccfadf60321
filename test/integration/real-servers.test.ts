import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { connect } from "../../src/client/index.js";
import { defer } from "../../src/internal/deferred.js";
import { connectInVain } from "../client/support/failed-connect.js";
import { EchoProgram, type SeenClosing } from "../support/echo-program.js";
import { buildGorilla, hasGorilla, HOW_TO_INSTALL_GORILLA } from "../support/gorilla.js";
import { listening } from "../support/listening.js";
import { hasPythonWebsockets, HOW_TO_INSTALL_PYTHON_WEBSOCKETS, PYTHON } from "../support/python.js";
import { requirement } from "../support/requirement.js";

/** A server of somebody else's that plays the scenario. */
interface PeerServer {
  readonly port: number;
  /** How the next connection to /echo was closed, as the server saw it. */
  closing(): Promise<SeenClosing>;
}

/** What our client sees of any server. */
function clientContract(start: () => Promise<PeerServer>): void {
  test("has its messages echoed, of every length form", async () => {
    const { port } = await start();
    const connection = await connect(`ws://127.0.0.1:${port}/echo`, { subprotocols: ["v1", "v2"] });
    expect(connection.subprotocol).toBe("v2");
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 500_000]) {
      const [text, binary] = ["é".repeat(length / 2), new Uint8Array(length).fill(7)];
      void connection.send(text);
      void connection.send(binary);
      expect(await connection.receive()).toBe(text);
      expect(Buffer.compare((await connection.receive()) as Uint8Array, binary)).toBe(0);
    }
    await connection.send("héllo ⚓");
    expect(await connection.receive()).toBe("héllo ⚓");
  });

  test("has a thousand messages echoed in order", async () => {
    const { port } = await start();
    const connection = await connect(`ws://127.0.0.1:${port}/echo`);
    const sent = Array.from({ length: 1_000 }, (_, i) => `${i} ${"x".repeat(i)}`);
    for (const message of sent) void connection.send(message);
    const received = [];
    for (let i = 0; i < sent.length; i++) received.push(await connection.receive());
    expect(received).toEqual(sent);
  });

  test("closes, and both sides know it", async () => {
    const server = await start();
    const connection = await connect(`ws://127.0.0.1:${server.port}/echo`);
    const info = await connection.close(4000, "done ⚓");
    expect(info).toEqual({ code: 4000, reason: "done ⚓", by: "us", clean: true, error: undefined });
    expect(await server.closing()).toEqual({ code: 4000, reason: "done ⚓", wasClean: true });
  });

  test("is closed, and answers", async () => {
    const { port } = await start();
    const connection = await connect(`ws://127.0.0.1:${port}/close`);
    expect(await connection.receive()).toBeUndefined();
    expect(await connection.closed).toMatchObject({ code: 4321, reason: "bye ⚓", by: "peer", clean: true });
  });

  test("pings, and is answered", async () => {
    const { port } = await start();
    const connection = await connect(`ws://127.0.0.1:${port}/echo`);
    connection.handle({});
    expect(await connection.ping()).toBeGreaterThan(0);
    expect(await connection.ping("payload")).toBeGreaterThan(0);
  });

  test("is pinged, and answers", async () => {
    const { port } = await start();
    const connection = await connect(`ws://127.0.0.1:${port}/ping`);
    expect(await connection.receive()).toBe("pong: are you there?");
  });

  test("puts fragments together", async () => {
    const { port } = await start();
    const connection = await connect(`ws://127.0.0.1:${port}/fragments`);
    const digits = Array.from({ length: 10 }, (_, i) => String(i).repeat(1_000));
    expect(await connection.receive()).toBe(digits.join(""));
  });

  test("is refused, and says why", async () => {
    const { port } = await start();
    const error = await connectInVain(`ws://127.0.0.1:${port}/nowhere`);
    expect(error).toMatchObject({ code: "http-status", response: { status: 404, isBodyComplete: true } });
    expect(error.response?.body.length).toBeGreaterThan(0);
  });
}

describe("our client with our server", () => {
  clientContract(async () => {
    const seen: SeenClosing[] = [];
    const waiting: ((closing: SeenClosing) => void)[] = [];
    const { port } = await listening({
      subprotocols: ["v2"],
      routes: {
        "/echo": {
          message: (socket, message) => socket.send(message),
          close: (_, { code, reason, clean }) => {
            const closing = { code, reason, wasClean: clean };
            const taker = waiting.shift();
            if (taker === undefined) seen.push(closing);
            else taker(closing);
          },
        },
        "/close": (socket) => void socket.close(4321, "bye ⚓"),
        "/ping": async (socket) => {
          const closed = socket.receive(); // so that the pong is read
          await socket.ping("are you there?");
          await socket.send("pong: are you there?");
          await closed;
        },
        // Ours sends no fragments: a message in one piece is all the same to who receives it.
        "/fragments": (socket) =>
          void socket.send(Array.from({ length: 10 }, (_, i) => String(i).repeat(1_000)).join("")),
      },
    });
    const closing = async (): Promise<SeenClosing> =>
      seen.shift() ?? (await new Promise((resolve) => void waiting.push(resolve)));
    return { port, closing };
  });
});

describe.each([
  ["without compression", false],
  ["that would compress", true],
])("our client with a server of ws, %s", (_, perMessageDeflate) => {
  clientContract(async () => {
    const closed = defer<SeenClosing>();
    const endpoints: Record<string, (socket: WebSocket) => void> = {
      "/echo": (socket) => {
        socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
        socket.on("close", (code, reason) =>
          closed.resolve({ code, reason: reason.toString(), wasClean: code !== 1006 }),
        );
      },
      "/close": (socket) => socket.close(4321, "bye ⚓"),
      "/ping": (socket) => {
        socket.on("pong", (payload) => socket.send(`pong: ${payload.toString()}`));
        socket.ping("are you there?");
      },
      "/fragments": (socket) => {
        for (let i = 0; i < 10; i++) socket.send(String(i).repeat(1_000), { fin: i === 9 });
      },
    };
    const server = new WebSocketServer({ noServer: true, perMessageDeflate, handleProtocols: () => "v2" });
    const http = createServer();
    http.on("upgrade", (request, socket, head) => {
      const endpoint = endpoints[request.url ?? ""];
      if (endpoint === undefined) socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
      else server.handleUpgrade(request, socket, head, endpoint);
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    onTestFinished(() => {
      for (const client of server.clients) client.terminate();
      http.close();
    });
    return { port: (http.address() as AddressInfo).port, closing: () => closed.promise };
  });
});

describe.runIf(
  requirement("real server tests: Python websockets", hasPythonWebsockets(), HOW_TO_INSTALL_PYTHON_WEBSOCKETS),
)("our client with a server of Python's websockets", { timeout: 20_000 }, () => {
  clientContract(() => EchoProgram.start(PYTHON, join(import.meta.dirname, "fixtures/python_server.py")));
});

describe.runIf(requirement("real server tests: gorilla/websocket", hasGorilla(), HOW_TO_INSTALL_GORILLA))(
  "our client with a server of gorilla/websocket",
  { timeout: 20_000 },
  () => {
    let program: string;
    beforeAll(async () => {
      program = await buildGorilla();
    }, 120_000);
    clientContract(() => EchoProgram.start(program, "serve"));
  },
);
