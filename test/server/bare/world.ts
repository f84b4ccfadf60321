import type { Connection } from "../../../src/connection/index.js";
import { refuse, type Server, type ServeOptions } from "../../../src/server/index.js";
import { type HttpResponse, parseHttpResponse } from "../../support/http-response.js";
import { RawPeer } from "../../support/raw-peer.js";
import { RawSocket } from "../../support/raw-socket.js";
import { nextTurn, until } from "../../support/turns.js";
import { type RequestChange, upgradeRequest } from "../../support/upgrade-request.js";
import { listeningOn, type Path, untilCount } from "./both-paths.js";

/** A server with all that it was told, and clients of it that say bytes. */
export class World {
  readonly server: Server;
  /** What the server was told, in order. */
  readonly log: unknown[];
  readonly #gate: Gate;
  readonly #clients: RawSocket[] = [];

  private constructor(server: Server, log: unknown[], gate: Gate) {
    this.server = server;
    this.log = log;
    this.#gate = gate;
  }

  static async start(path: Path, options: Partial<ServeOptions> = {}): Promise<World> {
    const log: unknown[] = [];
    const gate = new Gate();
    const server = await listeningOn(path, { ...defaults(log, gate), ...options });
    return new World(server, log, gate);
  }

  async connect(): Promise<RawSocket> {
    const raw = await RawSocket.connect(this.server.port);
    this.#clients.push(raw);
    return raw;
  }

  /** Connects, and says `bytes`, in one packet where they are few. */
  async say(...bytes: readonly (string | Uint8Array)[]): Promise<RawSocket> {
    const raw = await this.connect();
    raw.write(...bytes);
    return raw;
  }

  async join(change: RequestChange = {}): Promise<RawPeer> {
    const raw = await this.say(upgradeRequest(change));
    await opened(raw);
    return new RawPeer(raw);
  }

  /** The server has a request for `/pending` that waits. */
  async isAsked(): Promise<void> {
    await until(() => this.#gate.isWaitedFor);
  }

  /** Decides all of them. */
  decide(): void {
    this.#gate.open();
  }

  /** Resolves once the server was told `what`. */
  async heard(what: unknown): Promise<void> {
    await until(() => this.log.some((each) => JSON.stringify(each) === JSON.stringify(what)));
  }

  /** All clients leave; resolves once the server has nobody. */
  async empty(): Promise<void> {
    for (const raw of this.#clients) raw.end();
    await Promise.all(this.#clients.map((raw) => raw.ended));
    await until(() => this.server.connections.size === 0);
    await untilCount(this.server, 0);
  }
}

/** Holds who comes until it is opened. */
class Gate {
  isWaitedFor = false;
  readonly #waiting: (() => void)[] = [];

  async pass(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener("abort", () => resolve());
      this.isWaitedFor = true;
    });
  }

  open(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/**
 * `/echo` answers in kind; `/pending` too, once it is decided; `/refused` is not let in; `/close` is closed at its first message,
 * `/terminate` cut, `/fail` fails.
 */
function defaults(log: unknown[], gate: Gate): Partial<ServeOptions> {
  const told = {
    open: ({ url }: Connection) => void log.push(["open", url]),
    close: (_connection: Connection, { code, reason, by, clean, error }: Awaited<Connection["closed"]>) =>
      void log.push(["close", code, reason, by, clean, error?.code]),
    error: (_connection: Connection, { code }: { code: string }) => void log.push(["error", code]),
  };
  const echo = {
    ...told,
    message: (connection: Connection, message: string | Uint8Array) => {
      log.push(["message", typeof message === "string" ? message.slice(0, 20) : message.length]);
      return connection.send(message);
    },
  };
  return {
    routes: {
      "/": echo,
      "/pending": echo,
      "/refused": echo,
      "/close": { ...told, message: (connection) => void connection.close(4000, "enough") },
      "/terminate": { ...told, message: (connection) => connection.terminate() },
      "/fail": {
        ...told,
        message: () => {
          throw new Error("mine");
        },
      },
    },
    checkOrigin: ["http://example.com"],
    authorize: async ({ url, signal }) => {
      if (url === "/refused") return refuse(401, { body: "Log in first\n", headers: { "WWW-Authenticate": "Basic" } });
      if (url !== "/pending") return undefined;
      signal.addEventListener("abort", () => log.push("aborted"));
      await gate.pass(signal);
      return undefined;
    },
    onRequest: (request, response) => {
      let length = 0;
      request.on("data", (chunk: Buffer) => (length += chunk.length));
      request.on("end", () => response.end(`${request.method} ${request.url} ${length}`));
    },
    onRefused: ({ code }, { url }) => void log.push(["refused", code, url]),
    onError: (error) => void log.push(["onError", String(error)]),
  };
}

/** The server has opened the WebSocket. */
export async function opened(raw: RawSocket): Promise<void> {
  const response = await raw.take(parseHttpResponse);
  if (response?.status !== 101) throw new Error(`not let in: ${JSON.stringify(response)}`);
}

/** The next answer, as a line that does not change with the time. */
export async function answerTo(raw: RawSocket): Promise<string | undefined> {
  const response = await raw.take(parseHttpResponse);
  return response && lineOf(response);
}

function lineOf({ status, headers, body }: HttpResponse): string {
  return `${status} ${headers["connection"]} ${body}`;
}

/** Lets the server see what was written to it: nothing tells when it has. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await nextTurn();
}
