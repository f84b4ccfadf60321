import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Duplex } from "node:stream";
import { acceptKey, type CloseInfo, type Connection } from "../../../src/connection/index.js";
import { refuse, Upgrader } from "../../../src/server/index.js";
import { type Deferred, defer } from "../../../src/internal/deferred.js";

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** The server that the suites of the web classes talk to: each path misbehaves in its own way. */
export class SuiteServer {
  readonly #http: Server;
  readonly #scheme: "http" | "https";
  readonly #witnesses = new Map<string, Deferred<readonly unknown[]>>();
  readonly #sleepers = new Map<string, Deferred<void>>();
  readonly #upgrader = new Upgrader({
    maxMessageBytes: 64 * 1024 * 1024,
    closeTimeoutMs: 500,
    subprotocols: (offered) => offered[0],
    authorize: async (request) => {
      if (request.url.startsWith("/refuse")) return refuse(403);
      if (request.url.startsWith("/never")) await new Promise(() => {});
      return undefined;
    },
    onError: () => {},
  });
  /** Served under `/`, and scripts by their path. */
  readonly pages: Map<string, string> = new Map([["/", "<!doctype html><title>suite</title>"]]);

  private constructor(certificate: Certificate | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response);
    this.#scheme = certificate === undefined ? "http" : "https";
    this.#http = certificate === undefined ? createServer(answer) : createSecureServer(certificate, answer);
    this.#http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#upgrade(request, socket, head);
    });
  }

  /** @param certificate of a server that speaks TLS */
  static async start(certificate?: Certificate): Promise<SuiteServer> {
    const server = new SuiteServer(certificate);
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    const address = this.#http.address();
    return `${this.#scheme}://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  }

  get base(): string {
    return this.url.replace("http", "ws");
  }

  stop(): void {
    this.#http.close();
    this.#http.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const id = searchParams.get("id") ?? "";
    if (pathname === "/wake") this.#sleeper(id).resolve();
    const page = this.pages.get(pathname);
    response.setHeader("Content-Type", pathname.endsWith(".js") ? "text/javascript" : "text/html");
    response.end(pathname === "/witness" ? JSON.stringify(await this.#witness(id).promise) : (page ?? ""));
  }

  #witness(id: string): Deferred<readonly unknown[]> {
    const found = this.#witnesses.get(id) ?? defer();
    this.#witnesses.set(id, found);
    return found;
  }

  #sleeper(id: string): Deferred<void> {
    const found = this.#sleepers.get(id) ?? defer();
    this.#sleepers.set(id, found);
    return found;
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (request.url === "/own-code") {
      closeWithOwnCode(request, socket);
      return;
    }
    const connection = await this.#upgrader.upgrade(request, socket, head);
    if (connection === undefined) return;
    const { pathname, searchParams } = new URL(connection.url, this.url);
    await this.#play(connection, socket, pathname, searchParams);
  }

  async #play(connection: Connection, socket: Duplex, path: string, query: URLSearchParams): Promise<void> {
    const id = query.get("id") ?? "";
    switch (path) {
      case "/burst":
      case "/burst-close":
        for (const word of ["one", "two", "three"]) connection.write(word);
        if (path === "/burst-close") void connection.close();
        break;
      case "/close":
        void connection.close(Number(query.get("code") ?? 1005), query.get("reason") ?? "");
        break;
      case "/drop":
        connection.write("last words");
        connection.terminate();
        break;
      case "/garbage":
        socket.write(Uint8Array.of(0xf1, 0));
        break;
      case "/flood":
        for (let i = 0; i < 100; i++) await connection.send(new Uint8Array(1_000_000));
        break;
      case "/deaf":
        await this.#sleeper(id).promise;
        break;
    }
    await this.#echo(connection, path, id);
  }

  async #echo(connection: Connection, path: string, id: string): Promise<void> {
    let bytes = 0;
    const isEcho = path === "/echo";
    for await (const message of connection) {
      bytes += message.length;
      if (isEcho) await connection.send(message).catch(() => {});
    }
    const info: CloseInfo = await connection.closed;
    this.#witness(id).resolve([info.code, info.reason, ...(path === "/count" ? [bytes] : [])]);
  }
}

/** Accepts by hand, and answers a close frame by one of another code. */
function closeWithOwnCode(request: IncomingMessage, socket: Duplex): void {
  const accept = acceptKey(request.headers["sec-websocket-key"] ?? "");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
  socket.once("data", () => socket.end(Buffer.concat([Uint8Array.of(0x88, 8, 0x0f, 0xa2), Buffer.from("theirs")])));
  socket.on("error", () => socket.destroy());
}
