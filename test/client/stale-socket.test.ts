import { once } from "node:events";
import { Agent, createServer, get as getHttp, type IncomingMessage, type Server } from "node:http";
import { Agent as SecureAgent, createServer as createSecureServer, get as getHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect, type ConnectOptions } from "../../src/client/index.js";
import { Upgrader } from "../../src/server/index.js";
import { until } from "../support/turns.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned(undefined);

/** What becomes of a handshake: `asked` counts how often there was one on this socket, or any request. */
type OnHandshake = (request: IncomingMessage, socket: Socket, asked: number, letIn: () => void) => void;

/** A server of files that takes handshakes too, and an agent that has some of its sockets idle. */
class IdleAgent {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly agent: Agent;
  /** Of every handshake that has come. */
  readonly keys: unknown[] = [];
  readonly sockets = new Set<Socket>();
  readonly #httpUrl: string;

  constructor(http: Server, isSecure: boolean, onHandshake: OnHandshake) {
    const { port } = http.address() as AddressInfo;
    this.url = `${isSecure ? "wss" : "ws"}://127.0.0.1:${port}/`;
    this.#httpUrl = this.url.replace("ws", "http");
    this.agent = isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
    this.options = { agent: this.agent, tls: isSecure ? { ca: certificate.cert } : {} };
    const upgrader = new Upgrader();
    const asked = new WeakMap<object, number>();
    const count = (socket: object): number => {
      asked.set(socket, (asked.get(socket) ?? 0) + 1);
      return asked.get(socket)!;
    };
    http.on(isSecure ? "secureConnection" : "connection", (socket: Socket) => void this.sockets.add(socket));
    http.on("request", ({ socket }, response) => {
      count(socket);
      response.end("a file");
    });
    http.on("upgrade", (request, duplex, head) => {
      this.keys.push(request.headers["sec-websocket-key"]);
      const socket = duplex as Socket;
      const letIn = (): void =>
        upgrader.serve(request, socket, head, { message: (peer, message) => peer.write(message) });
      onHandshake(request, socket, count(socket), letIn);
    });
    onTestFinished(() => {
      this.agent.destroy();
      http.close();
      for (const socket of this.sockets) socket.destroy();
    });
  }

  static async with(count: number, onHandshake: OnHandshake, isSecure = false): Promise<IdleAgent> {
    const http = isSecure ? createSecureServer(certificate) : createServer();
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const idle = new IdleAgent(http, isSecure, onHandshake);
    const { agent } = idle;
    const get = isSecure ? getHttps : getHttp;
    for (let i = 0; i < count; i++) {
      const tls = { ca: certificate.cert, servername: "", ALPNProtocols: ["http/1.1"] };
      get(idle.#httpUrl, { agent, ...tls }, (response) => response.resume());
    }
    await until(() => Object.values(agent.freeSockets).flat().length === count);
    return idle;
  }
}

const accept: OnHandshake = (_, _socket, _asked, letIn) => letIn();

describe("connect() on an idle socket of its agent", () => {
  test("uses it, where it is alive", async () => {
    const { url, options, sockets } = await IdleAgent.with(1, accept);
    await using connection = await connect(url, options);
    await connection.send("hello");
    expect(await connection.receive()).toBe("hello");
    expect(sockets.size).toBe(1);
  });

  test.each([
    ["ws", "end"],
    ["ws", "destroy"],
    ["ws", "resetAndDestroy"],
    ["wss", "end"],
    ["wss", "destroy"],
  ] as const)("that the server closes just then asks again on another, over %s, by %s()", async (scheme, close) => {
    const idle = await IdleAgent.with(1, accept, scheme === "wss");
    for (const socket of idle.sockets) socket[close]();
    // All of this is one turn: the agent cannot have heard of it.
    await using connection = await connect(idle.url, idle.options);
    await connection.send("hello");
    expect(await connection.receive()).toBe("hello");
    expect(idle.sockets.size).toBe(2);
  });

  test("goes through several that died unnoticed, as where a firewall forgets all at once, with a new key for each", async () => {
    const idle = await IdleAgent.with(3, (_, socket, asked, letIn) => {
      if (asked > 1) socket.resetAndDestroy();
      else letIn();
    });
    await using connection = await connect(idle.url, idle.options);
    expect(connection.state).toBe("open");
    expect(idle.keys).toHaveLength(4);
    expect(new Set(idle.keys).size).toBe(4);
  });

  test("gives up at the sixth: a server that resets every handshake does not cost the agent all it has", async () => {
    const idle = await IdleAgent.with(10, (_, socket) => void socket.resetAndDestroy());
    expect(await connectInVain(idle.url, idle.options)).toMatchObject({
      code: "closed",
      cause: { code: "ECONNRESET" },
    });
    expect(idle.keys).toHaveLength(6);
    expect(Object.values(idle.agent.freeSockets).flat()).toHaveLength(4);
  });

  test.each([
    ["a part of an answer", "HTTP/1.1 101 Swi"],
    ["an interim answer", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"],
  ])("does not ask again after %s", async (_, bytes) => {
    const idle = await IdleAgent.with(2, (_request, socket) => socket.end(bytes));
    expect((await connectInVain(idle.url, idle.options)).code).toBe("closed");
    expect(idle.keys).toHaveLength(1);
  });

  test("does not ask again after a malformed answer", async () => {
    const idle = await IdleAgent.with(2, (_request, socket) => socket.end("hello\r\n\r\n"));
    expect((await connectInVain(idle.url, idle.options)).code).toBe("malformed-http");
    expect(idle.keys).toHaveLength(1);
  });

  test("gives up when the signal is aborted while it asks again", async () => {
    const controller = new AbortController();
    const idle = await IdleAgent.with(1, (_, socket, asked) => {
      if (asked > 1) socket.resetAndDestroy();
      else controller.abort();
    });
    const options = { ...idle.options, signal: controller.signal };
    expect((await connectInVain(idle.url, options)).code).toBe("aborted");
    expect(idle.keys).toHaveLength(2);
  });
});

test("connect() on a fresh socket that the server closes does not ask again", async () => {
  const idle = await IdleAgent.with(0, (_, socket) => void socket.resetAndDestroy());
  expect((await connectInVain(idle.url, idle.options)).code).toBe("closed");
  expect(idle.keys).toHaveLength(1);
});
