import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket, type TLSSocketOptions } from "node:tls";
import { onTestFinished } from "vitest";
import { type AnswerChange, parseRequest, type ReceivedRequest, switching } from "./handshake-answer.js";
import { RawPeer } from "./raw-peer.js";
import { RawSocket } from "./raw-socket.js";

/** A client that has come to a raw server, and the request that it began with. */
export class Visitor {
  readonly raw: RawSocket;
  readonly request: ReceivedRequest;

  constructor(raw: RawSocket, request: ReceivedRequest) {
    this.raw = raw;
    this.request = request;
  }

  /** Opens the WebSocket, with `frames` in the same packet. */
  accept(change: AnswerChange = {}, ...frames: readonly Uint8Array[]): RawPeer {
    this.raw.write(switching(this.request, change), ...frames);
    return new RawPeer(this.raw, "server");
  }
}

/** A TCP server made of bytes: it says to each client what a test writes by hand, right or wrong. */
export class RawServer {
  readonly #server: Server;
  readonly #scheme: string;
  readonly #arrived: RawSocket[] = [];
  readonly #waiting: ((raw: RawSocket) => void)[] = [];
  /** Everybody who has come. */
  readonly sockets: RawSocket[] = [];

  private constructor(server: Server, tls: TLSSocketOptions | undefined) {
    this.#server = server;
    this.#scheme = tls === undefined ? "ws" : "wss";
    server.on("connection", (transport: Socket) => {
      if (tls === undefined) {
        this.#arrive(new RawSocket(transport));
        return;
      }
      const socket = new TLSSocket(transport, { ...tls, isServer: true });
      const raw = new RawSocket(socket, transport);
      socket.once("secure", () => this.#arrive(raw));
    });
  }

  /** Listens on a free port of 127.0.0.1, or on a Unix socket. */
  static async start({ tls, path }: { tls?: TLSSocketOptions; path?: string } = {}): Promise<RawServer> {
    const server = createServer({ allowHalfOpen: true });
    const started = new RawServer(server, tls);
    if (path === undefined) server.listen(0, "127.0.0.1");
    else server.listen(path);
    await once(server, "listening");
    onTestFinished(() => {
      server.close();
      for (const { socket } of started.sockets) socket.destroy();
    });
    return started;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** The next client, before it has said anything. */
  async next(): Promise<RawSocket> {
    return this.#arrived.shift() ?? (await new Promise((resolve) => void this.#waiting.push(resolve)));
  }

  /** The next client, once its request is there. */
  async visitor(): Promise<Visitor> {
    const raw = await this.next();
    const request = await raw.take(parseRequest);
    if (request === undefined) throw new Error("a client left without a request");
    return new Visitor(raw, request);
  }

  #arrive(raw: RawSocket): void {
    this.sockets.push(raw);
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#arrived.push(raw);
    else taker(raw);
  }

  /** Has everybody who comes get the same answer, one request each. */
  async answerAll(answer: (request: ReceivedRequest) => string | Uint8Array): Promise<never> {
    for (;;) {
      const raw = await this.next();
      void raw.take(parseRequest).then((request) => request !== undefined && raw.write(answer(request)));
    }
  }

  /** Resolves when every client has ended its side: none has left a socket open. */
  async abandoned(): Promise<void> {
    await Promise.all(this.sockets.map((raw) => raw.ended));
  }
}
