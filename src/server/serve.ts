import type { Buffer } from "node:buffer";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer, type Server as HttpsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";

import { type Connection, processTimers } from "../connection/index.js";
import { checkBoolean, checkFunction, checkInteger, checkKeys, checkText } from "../internal/option-check.js";
import { Roster, RosterMember } from "../internal/roster.js";
import { BareEntrance } from "./bare/bare-entrance.js";
import type { DrainReport } from "./drain.js";
import type { Endpoint } from "./endpoint.js";
import { answerWithoutUpgrade, closeAfterOffer, offersWebSocket } from "./foreign-upgrade.js";
import { type Health, type HealthOptions, resolveHealth } from "./health.js";
import { Http1Opening } from "./http1-opening.js";
import { Http2Entrance, type Http2Listeners } from "./http2-entrance.js";
import { Http2Opening } from "./http2-opening.js";
import { resolveHostPolicy } from "./host-policy.js";
import { answerHttp } from "./http-answer.js";
import { OpenResponses } from "./open-responses.js";
import type { Opening } from "./opening.js";
import { readProxyProtocol } from "./proxy/proxy-protocol.js";
import { resolveTrustProxy } from "./proxy/trust-proxy.js";
import { pathOf, routeTable } from "./route-table.js";
import type { Server, ServerRole } from "./server.js";
import { type ResolvedServerCloseOptions, resolveServerCloseOptions, type ServerCloseOptions } from "./server-close.js";
import { serveFiles } from "./static-files.js";
import { checkTlsOptions } from "./tls-options.js";
import { type Publication, type Topic, Topics } from "./topic.js";
import { refuseOpening, serveOpening, Upgrader } from "./upgrader.js";
import { type UpgraderOptions, upgraderOptionNames } from "./upgrader-options.js";
import type { PrimaryLink } from "./workers/primary-link.js";
import { budgetOfWorker } from "./workers/worker-budget.js";
import { resolveWorkerCount, type WorkerCount } from "./workers/worker-count.js";

/** Connections that may wait for `accept`: as many as Linux allows by default, so that a thousand may come back at once. */
const LISTEN_BACKLOG = 4096;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_CHECK_INTERVAL_MS = 1_000;
/** How long a request may take to arrive, body included, as in Node. */
const REQUEST_TIMEOUT_MS = 300_000;

/** How `serve` is set up: the options of `Upgrader`, and those of the HTTP server under it. */
export interface ServeOptions<Data = undefined> extends UpgraderOptions<Data> {
  /** The port to listen on; 0 (the default) takes any free one, see `server.port`. */
  readonly port?: number | undefined;
  /** The address to listen on; by default all of the machine's, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** What serves the WebSockets, by path: `{ "/echo": endpoint }`. Other paths are refused with 404. */
  readonly routes: Readonly<Record<string, Endpoint<Data>>>;
  /**
   * A folder whose files are served to GET requests, `index.html` for the paths of folders. It is listed once, at the start;
   * names that begin with a dot and links that lead out of it are left out.
   */
  readonly static?: string | undefined;
  /**
   * Answers the HTTP requests that neither a route nor `static` does; 404 by default. What it throws or rejects with goes to
   * `onError`, and the client gets 500.
   */
  readonly onRequest?: RequestListener | undefined;
  /**
   * Answers `/healthz` (the process is alive) and `/readyz` (200; 503 while the server closes), or paths of your choice; see
   * `drainDelayMs` of `close`. Default false.
   */
  readonly health?: boolean | HealthOptions | undefined;
  /** Options of `node:tls`, `{ cert, key }` at least, for https and wss. */
  readonly tls?: ServerOptions | undefined;
  /**
   * Whether WebSockets and requests may come over HTTP/2 too (RFC 8441), on the same port: for https where ALPN agrees on it, otherwise
   * from clients that begin with it. Default false. `onRequest` then gets `Http2ServerRequest` and `Http2ServerResponse` of Node's, which
   * work alike.
   */
  readonly http2?: boolean | undefined;
  /**
   * How many processes serve; `"auto"` for as many as there are cores to use. Default 1: this one. With more, this one is the
   * primary, which runs the program's file again in each of the others; see `server.role`. Limits count in each of them.
   */
  readonly workers?: WorkerCount | undefined;
}

/**
 * Starts an HTTP server with WebSocket routes; resolves when it listens.
 *
 * Rejects with Node's error when it cannot listen (`EADDRINUSE`, `EACCES`), or with the error of a TLS option; with
 * `workers`, with a `WorkerError` whose `cause` it is. Then no process is left.
 *
 * @throws RangeError or TypeError (as a rejection) that names the option, what it got and what it takes.
 * @example
 * await using server = await serve({
 *   port: 8080,
 *   routes: { "/echo": { message: (socket, message) => socket.write(message) } },
 * });
 */
export async function serve<Data = undefined>(options: ServeOptions<Data>): Promise<Server<Data>> {
  checkKeys("serve", options, serveOptionNames);
  const count = resolveWorkerCount(options.workers);
  const workers = options.workers === undefined ? undefined : await import("./workers/index.js");
  const report = (error: unknown): void => upgrader.report(error);
  const link = workers?.joinPrimary(report);
  const upgrader = new Upgrader<Data>(upgraderOptionsOf(options, link));
  const port = checkInteger("port", options.port, 0, 0, 65_535);
  const host = checkText("host", options.host);
  const routes = routeTable(options.routes);
  const fallback = checkFunction("onRequest", options.onRequest, undefined);
  const files = options.static === undefined ? undefined : await serveFiles(options.static);
  checkTlsOptions(options.tls);
  const http = createHttp(options);
  const checkHost = resolveHostPolicy(options.checkHost);
  const isRoute = (path: string): boolean => routes.has(path);
  const health = resolveHealth(options.health, isRoute);
  const trustProxy = resolveTrustProxy(options.trustProxy);
  const answer = answerHttp({ checkHost, trustProxy, health, isRoute, files, fallback, report });
  const open = (opening: Opening): void => {
    const endpoint = routes.get(pathOf(opening));
    if (endpoint === undefined) refuseOpening(upgrader, "no-such-route", opening);
    else serveOpening(upgrader, opening, endpoint);
  };
  http.on("request", closeAfterOffer);
  http.on("request", answer);
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!offersWebSocket(request)) return answerWithoutUpgrade(http, request, socket, head);
    open(new Http1Opening(request, socket, head));
  });
  const responses = new OpenResponses();
  const entrance = openHttp2(http, options, open, (request, response) => {
    responses.add(request, response);
    answer(request, response);
  });
  // Its header comes before all else, so it is taken off first.
  if (trustProxy?.proxyProtocol === true) {
    const timeoutMs = handshakeTimeoutOf(options);
    readProxyProtocol(http, { isTrusted: trustProxy.isTrusted, timeoutMs, report, timers: processTimers });
  }
  if (workers !== undefined && link === undefined && count > 1) return await workers.startPrimary(http, count, report);
  try {
    await listen(http, port === 0 ? (link?.place.port ?? 0) : port, host);
  } catch (error) {
    if (link !== undefined) return await link.fail(error);
    throw error;
  }
  http.on("error", report);
  // Both TLS and PROXY protocol come before the request.
  const isPlain = options.tls === undefined && trustProxy?.proxyProtocol !== true;
  const parts = { http, upgrader, options, link, health, responses, entrance };
  return new ListeningServer({ ...parts, serveBare: isPlain ? open : undefined });
}

/** Lets HTTP/2 in where the option asks for it. */
function openHttp2<Data>(
  http: HttpServer | HttpsServer,
  { http2, ...options }: ServeOptions<Data>,
  open: (opening: Opening) => void,
  request: RequestListener,
): Http2Entrance | undefined {
  if (!checkBoolean("http2", http2, false)) return undefined;
  const webSocket: Http2Listeners["webSocket"] = (stream, headers) => open(new Http2Opening(stream, headers));
  const firstByteMs = handshakeTimeoutOf(options);
  const deadlines = { firstByteMs, requestMs: requestTimeoutOf(firstByteMs) };
  return new Http2Entrance(http, { request, webSocket }, deadlines);
}

/** What a listening server is made of. */
interface ServerMake<Data> {
  readonly http: HttpServer | HttpsServer;
  readonly upgrader: Upgrader<Data>;
  readonly options: ServeOptions<Data>;
  readonly link: PrimaryLink | undefined;
  readonly health: Health | undefined;
  readonly responses: OpenResponses;
  readonly entrance: Http2Entrance | undefined;
  /** What serves the WebSockets that ask before `http` sees them; undefined where none may. */
  readonly serveBare: ((opening: Opening) => void) | undefined;
}

/** One of Node's, of which its server knows only while they are requests. */
class OpenSocket extends RosterMember {
  readonly socket: Socket;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
  }
}

class ListeningServer<Data> implements Server<Data> {
  readonly role: ServerRole;
  readonly url: string;
  readonly port: number;
  readonly http: HttpServer | HttpsServer;
  readonly #upgrader: Upgrader<Data>;
  readonly #link: PrimaryLink | undefined;
  readonly #health: Health | undefined;
  readonly #topics: Topics;
  readonly #sockets = new Roster<OpenSocket>();
  readonly #responses: OpenResponses;
  readonly #entrance: Http2Entrance | undefined;
  readonly #bare: BareEntrance | undefined;
  #closing: Promise<DrainReport> | undefined;

  constructor({ http, upgrader, options, link, health, responses, entrance, serveBare }: ServerMake<Data>) {
    this.#responses = responses;
    this.#entrance = entrance;
    this.role = link === undefined ? "alone" : "worker";
    this.http = http;
    this.#upgrader = upgrader;
    this.#link = link;
    this.#health = health;
    this.#topics = new Topics(link === undefined ? undefined : (publication) => link.publish(publication));
    this.port = (http.address() as AddressInfo).port;
    this.url = `${options.tls === undefined ? "http" : "https"}://${urlHost(options.host)}:${this.port}/`;
    http.on("connection", (socket: Socket) => {
      const open = new OpenSocket(socket);
      this.#sockets.add(open);
      socket.on("close", () => this.#sockets.delete(open));
    });
    http.on("request", (request: IncomingMessage, response: ServerResponse) => this.#responses.add(request, response));
    if (serveBare !== undefined) this.#bare = new BareEntrance(http, serveBare, handshakeTimeoutOf(options));
    link?.serve(this);
  }

  get connections(): ReadonlySet<Connection<Data>> {
    return this.#upgrader.connections;
  }

  topic(name: string): Topic {
    return this.#topics.topic(name);
  }

  /** Sends what other workers have published. */
  deliver(publications: readonly Publication[]): void {
    this.#topics.deliver(publications);
  }

  close(options: ServerCloseOptions = {}): Promise<DrainReport> {
    if (this.#closing === undefined) {
      const resolved = resolveServerCloseOptions(options);
      const connections = this.connections.size;
      this.#closing = this.#close(resolved);
      this.#link?.close(connections, resolved, this.#closing);
    }
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close({ drainDelayMs, ...options }: ResolvedServerCloseOptions): Promise<DrainReport> {
    this.#health?.drain();
    if (drainDelayMs > 0) await new Promise((resolve) => void setTimeout(resolve, drainDelayMs));
    const timer = setTimeout(() => this.#destroySockets(), options.deadlineMs);
    const stopped = new Promise<void>((resolve) => {
      this.http.close(() => resolve());
    });
    this.http.closeIdleConnections();
    this.#entrance?.close();
    const report = await this.#upgrader.close(options);
    await this.#responses.ended();
    // What is left asks for nothing: a browser's spare connections, half a request. Node would wait for them.
    this.#destroySockets();
    await stopped;
    clearTimeout(timer);
    return report;
  }

  #destroySockets(): void {
    for (const { socket } of this.#sockets) socket.destroy();
    this.#bare?.close();
  }
}

const ownOptionNames: Readonly<Record<Exclude<keyof ServeOptions, keyof UpgraderOptions>, true>> = {
  port: true,
  host: true,
  routes: true,
  static: true,
  onRequest: true,
  health: true,
  tls: true,
  http2: true,
  workers: true,
};

/** The names of all options of `serve`. */
export const serveOptionNames: readonly string[] = [...Object.keys(ownOptionNames), ...upgraderOptionNames];

function upgraderOptionsOf<Data>(options: ServeOptions<Data>, link: PrimaryLink | undefined): UpgraderOptions<Data> {
  const given = Object.fromEntries(Object.entries(options).filter(([key]) => upgraderOptionNames.includes(key)));
  if (link === undefined || options.queuedBytesBudget !== undefined) return given;
  return { ...given, queuedBytesBudget: budgetOfWorker(link.place.count) };
}

/** A slow or silent client is dropped by Node's own timers, set to the handshake's deadline. */
function createHttp<Data>(options: ServeOptions<Data>): HttpServer | HttpsServer {
  const timeoutMs = handshakeTimeoutOf(options);
  const timeouts = {
    headersTimeout: timeoutMs,
    requestTimeout: requestTimeoutOf(timeoutMs),
    connectionsCheckingInterval: Math.min(timeoutMs, MAX_CHECK_INTERVAL_MS),
    shouldUpgradeCallback: offersWebSocket, // Node 24.9 and newer; `answerWithoutUpgrade` stands in for it
  };
  if (options.tls === undefined) return createServer(timeouts);
  const ALPNProtocols = options.http2 === true ? ["h2", "http/1.1"] : ["http/1.1"];
  return createSecureServer({ ...timeouts, handshakeTimeout: timeoutMs, ALPNProtocols, ...options.tls });
}

function handshakeTimeoutOf({ handshakeTimeoutMs }: { readonly handshakeTimeoutMs?: number | undefined }): number {
  return handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
}

/** No less than its headers have. */
function requestTimeoutOf(headersTimeoutMs: number): number {
  return Math.max(headersTimeoutMs, REQUEST_TIMEOUT_MS);
}

function listen(http: HttpServer | HttpsServer, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen({ port, backlog: LISTEN_BACKLOG, ...(host === undefined ? {} : { host }) }, () => {
      http.off("error", reject);
      resolve();
    });
  });
}

function urlHost(host: string | undefined): string {
  if (host === undefined || host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
