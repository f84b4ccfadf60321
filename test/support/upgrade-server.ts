import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { expect, onTestFinished } from "vitest";
import type { Connection, TimerWheel } from "../../src/connection/index.js";
import { BareEntrance } from "../../src/server/bare/bare-entrance.js";
import type { BareOpening } from "../../src/server/bare/bare-opening.js";
import { type Refusal, Upgrader, type UpgraderOptions } from "../../src/server/index.js";
import { serveOpening } from "../../src/server/upgrader.js";

export interface UpgradeServerSetup {
  /** Wraps the socket of each upgrade before the upgrader gets it. */
  readonly wrap?: (socket: Duplex) => Duplex;
  /** The server to upgrade on; by default plain HTTP without a request listener. */
  readonly http?: Server;
  /** Where to listen; by default 127.0.0.1. */
  readonly host?: string;
  /** Whether what is plain is taken before `http` sees it, as by `serve`. */
  readonly bare?: boolean;
  /** What keeps the deadlines; by default the wheel of the process. */
  readonly timers?: TimerWheel;
}

/** An upgrader on a server of `node:http`, and everything that it was told. */
export class UpgradeServer<Data = undefined> {
  readonly http: Server;
  readonly upgrader: Upgrader<Data>;
  readonly refusals: Refusal[] = [];
  readonly errors: unknown[] = [];
  /** The sockets of all upgrades, as Node gave them. */
  readonly sockets: Duplex[] = [];
  readonly #accepted: Connection<Data>[] = [];
  readonly #waiting: ((connection: Connection<Data>) => void)[] = [];

  constructor(options: UpgraderOptions<Data>, setup: UpgradeServerSetup) {
    this.http = setup.http ?? createServer();
    const told = {
      onError: (error: unknown) => void this.errors.push(error),
      onRefused: (refusal: Refusal) => void this.refusals.push(refusal),
    };
    this.upgrader = new Upgrader<Data>({ ...told, ...options }, setup.timers);
    this.http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.sockets.push(socket);
      void this.#upgrade(request, setup.wrap?.(socket) ?? socket, head);
    });
    if (setup.bare === true) this.http.once("listening", () => this.#takeBare());
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  /** The next connection that was accepted. */
  async accepted(): Promise<Connection<Data>> {
    return this.#accepted.shift() ?? (await new Promise((resolve) => void this.#waiting.push(resolve)));
  }

  #takeBare(): void {
    const serve = (opening: BareOpening): void =>
      serveOpening(this.upgrader, opening, (connection) => this.#accept(connection));
    const entrance = new BareEntrance(this.http, serve, 10_000);
    onTestFinished(() => entrance.close());
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const connection = await this.upgrader.upgrade(request, socket, head);
    if (connection !== undefined) this.#accept(connection);
  }

  #accept(connection: Connection<Data>): void {
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#accepted.push(connection);
    else taker(connection);
  }
}

/**
 * Starts an upgrader that accepts and leaves the connections to the test. At the end of the test no socket may be left, and
 * no error that was not taken out of `errors`.
 */
export async function startUpgrader<Data = undefined>(
  options: UpgraderOptions<Data> = {},
  setup: UpgradeServerSetup = {},
): Promise<UpgradeServer<Data>> {
  const server = new UpgradeServer<Data>(options, setup);
  server.http.listen(0, setup.host ?? "127.0.0.1");
  await once(server.http, "listening");
  onTestFinished(async () => {
    const closed = once(server.http, "close");
    server.http.close();
    server.http.closeAllConnections();
    for (const connection of server.upgrader.connections) connection.terminate();
    await Promise.all([closed, server.upgrader.close()]);
    expect(server.errors).toEqual([]);
  });
  return server;
}
