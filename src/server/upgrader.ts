import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";

import {
  BareSocket,
  Connection,
  destroySocket,
  heedErrors,
  ignoreErrors,
  type LinkHome,
  processTimers,
  type ReadBuffer,
  type ResolvedConnectionOptions,
  sharedReadBuffer,
  SpareHalves,
  tellObservers,
  type TimerWheel,
  withinBudget,
  type WriteSlabPool,
} from "../connection/index.js";
import { type Eventually, settle, whenKnown } from "../internal/eventually.js";
import { LazyAbort } from "./lazy-abort.js";
import { Roster } from "../internal/roster.js";
import { isThenable } from "../internal/thenable.js";
import { acceptDeflate, type DeflateAcceptance } from "../protocol/index.js";
import { Admission } from "./admission.js";
import { ConnectionSet } from "./connection-set.js";
import { type CloseOptions, drain, type DrainReport, resolveCloseOptions } from "./drain.js";
import { type Endpoint, runEndpoint } from "./endpoint.js";
import { Http1Opening } from "./http1-opening.js";
import { Http2Opening } from "./http2-opening.js";
import type { Offer, Opening } from "./opening.js";
import { PendingHandshake } from "./pending-handshake.js";
import { type Admitted, decide } from "./policies.js";
import { Refusal, type RefusalCode, refusalOf } from "./refusal.js";
import { clientOf, type RequestClient } from "./request-client.js";
import { publishDrain, publishRefusal } from "./server-channels.js";
import { OpeningRequest, type UpgradeRequest } from "./upgrade-request.js";
import { type ResolvedUpgraderOptions, resolveUpgraderOptions, type UpgraderOptions } from "./upgrader-options.js";

/** What became of the policies: undefined when the client has left before they were through. */
type Decision<Data> = Admitted<Data> | Refusal | undefined;

/** What became of a handshake: undefined when the client has left. */
type Outcome<Data> = Connection<Data> | Refusal | undefined;

/** `serve` of `Upgrader`, for what was not `node:http`'s to read. */
export let serveOpening: <Data>(upgrader: Upgrader<Data>, opening: Opening, endpoint: Endpoint<Data>) => void;
/** `refuse` of `Upgrader`, for the same. */
export let refuseOpening: <Data>(
  upgrader: Upgrader<Data>,
  refusal: Exclude<RefusalCode, "not-authorized">,
  opening: Opening,
) => void;

/**
 * Turns upgrade requests of a `node:http` or `node:https` server into WebSocket connections, by the rules of RFC 6455 §4.2
 * and the policies in its options. It works beside any framework on that server.
 *
 * @example
 * const upgrader = new Upgrader({ subprotocols: ["chat.v2"] });
 * http.on("upgrade", (request, socket, head) => {
 *   upgrader.serve(request, socket, head, async (connection) => {
 *     for await (const message of connection) await connection.send(message);
 *   });
 * });
 */
export class Upgrader<Data = undefined> {
  readonly #options: ResolvedUpgraderOptions<Data>;
  readonly #timers: TimerWheel;
  readonly #admission: Admission;
  readonly #readBuffer: ReadBuffer;
  readonly #writeSlabs: WriteSlabPool;
  readonly #spares: SpareHalves | undefined;
  readonly #connections = new ConnectionSet<Data>();
  readonly #pending = new Roster<PendingHandshake>();
  readonly #home: LinkHome = {
    onClosed: (link) => {
      this.#connections.delete(link);
      this.#admission.leave(link.source);
    },
  };
  #closing: Promise<DrainReport> | undefined;

  /**
   * @param timers keeps all deadlines, those of the connections too: by default the wheel that the process shares. One that
   * turns by a clock of your own is for tests.
   * @throws RangeError or TypeError that names the option, what it got and what it takes.
   */
  constructor(options: UpgraderOptions<Data> = {}, timers: TimerWheel = processTimers) {
    this.#options = resolveUpgraderOptions(options);
    this.#timers = timers;
    this.#admission = new Admission(this.#options.maxConnections, this.#options.maxConnectionsPerAddress);
    this.#readBuffer = sharedReadBuffer(this.#options.readBufferSize);
    this.#writeSlabs = this.#readBuffer.slabs(this.#options.writeBufferSize);
    this.#spares = openSpares(this.#options.connection, this.#readBuffer, this.#writeSlabs);
  }

  /** The connections that are not closed yet. */
  get connections(): ReadonlySet<Connection<Data>> {
    return this.#connections;
  }

  /**
   * Answers one upgrade request, as `node:http` gives it to its `upgrade` listeners; the socket is ours from then on.
   *
   * Resolves with the open connection, or with `undefined` when the client was refused (it has been told why) or left.
   * Never rejects. The code that uses the connection may: a `send` rejects when the peer has left. In an event listener,
   * where a rejection would end the process, take `serve` or catch it.
   */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<Connection<Data> | undefined> {
    return await this.#open(new Http1Opening(request, socket, head));
  }

  /**
   * As `upgrade`, for WebSocket over HTTP/2 (RFC 8441): answers one extended CONNECT, as `node:http2` gives it to its `stream`
   * listeners, or to its `connect` listeners as `request.stream` and `request.headers` where it has `request` listeners too. The server
   * must have announced it: `createSecureServer({ settings: { enableConnectProtocol: true } })`.
   */
  async upgradeStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<Connection<Data> | undefined> {
    return await this.#open(new Http2Opening(stream, headers));
  }

  /** Stays within the turn where no policy takes its time. */
  #open(opening: Opening): Eventually<Connection<Data> | undefined> {
    const { duplex } = opening;
    const client = clientOf(opening, opening.ends, this.#options.trustProxy);
    ignoreErrors(duplex);
    if (opening.hasLeft) {
      destroySocket(duplex); // Also where the client has ended its own side only: nobody else would end ours.
      return undefined;
    }
    const limit = this.#closing === undefined ? this.#admission.enter(client.address) : "shutting-down";
    if (limit !== undefined) return this.#refuse(limit, opening);
    const offer = opening.readOffer();
    const outcome = offer instanceof Refusal ? offer : this.#negotiate(opening, offer, client);
    return whenKnown(outcome, (known) => this.#conclude(opening, client, known));
  }

  #conclude(opening: Opening, { address }: RequestClient, outcome: Outcome<Data>): Connection<Data> | undefined {
    if (outcome instanceof Connection) return outcome;
    this.#admission.leave(address);
    if (outcome !== undefined) return this.#refuse(outcome, opening);
    destroySocket(opening.duplex); // The client has left, but it may have ended its own side only.
    return undefined;
  }

  /**
   * Answers one upgrade request and hands the connection, if it is let in, to `endpoint`. What the endpoint throws ends its
   * connection with 1011 and goes to `onError`, so this is safe to call from an event listener.
   */
  serve(request: IncomingMessage, socket: Duplex, head: Buffer, endpoint: Endpoint<Data>): void {
    this.#serve(new Http1Opening(request, socket, head), endpoint);
  }

  /** As `serve`, for an extended CONNECT over HTTP/2: see `upgradeStream`. */
  serveStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, endpoint: Endpoint<Data>): void {
    this.#serve(new Http2Opening(stream, headers), endpoint);
  }

  #serve(opening: Opening, endpoint: Endpoint<Data>): void {
    void whenKnown(this.#open(opening), (connection) => {
      if (connection !== undefined) runEndpoint(endpoint, connection);
    });
  }

  static {
    serveOpening = (upgrader, opening, endpoint) => upgrader.#serve(opening, endpoint);
    refuseOpening = (upgrader, refusal, opening) => upgrader.#refuse(refusal, opening);
  }

  /** Refuses an upgrade request: answers with `refusal` and ends the socket. */
  refuse(
    refusal: Refusal | Exclude<RefusalCode, "not-authorized">,
    request: IncomingMessage,
    socket: Duplex,
  ): undefined {
    this.#refuse(refusal, new Http1Opening(request, socket, NOTHING));
  }

  /** Refuses an extended CONNECT over HTTP/2: answers with `refusal` and ends the stream. */
  refuseStream(
    refusal: Refusal | Exclude<RefusalCode, "not-authorized">,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ): undefined {
    this.#refuse(refusal, new Http2Opening(stream, headers));
  }

  #refuse(refusal: Refusal | Exclude<RefusalCode, "not-authorized">, opening: Opening): undefined {
    const answer = refusal instanceof Refusal ? refusal : refusalOf(refusal);
    ignoreErrors(opening.duplex);
    try {
      opening.refuse(answer, this.#timers);
    } catch (error) {
      destroySocket(opening.duplex); // a `Refusal` made by hand that cannot be sent
      this.report(error);
    }
    publishRefusal(answer, opening);
    tellObservers(this.#options.connection.observers, (observer) => observer.refused?.(answer.code));
    const { onRefused, trustProxy } = this.#options;
    if (onRefused === undefined) return; // and a request of Node's need not be made
    try {
      const { remote } = clientOf(opening, opening.ends, trustProxy);
      const result = onRefused(answer, opening.incoming, remote);
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.report(error));
    } catch (error) {
      this.report(error);
    }
  }

  /**
   * Refuses new clients, closes every connection with the closing handshake, terminates those that are left at the
   * deadline, and reports how many ended which way. Idempotent: further calls return the same promise.
   *
   * @throws RangeError or TypeError for a code, reason or deadline that is none; the upgrader then goes on.
   */
  close(options: CloseOptions = {}): Promise<DrainReport> {
    if (this.#closing === undefined) {
      const resolved = resolveCloseOptions(options);
      publishDrain(this.#connections.size);
      this.#closing = drain(this.#connections, this.#pending, resolved);
    }
    return this.#closing;
  }

  /** `close()` with its defaults. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #negotiate(opening: Opening, offer: Offer, client: RequestClient): Eventually<Outcome<Data>> {
    const abort = new LazyAbort();
    const request = new OpeningRequest(opening, offer, client, abort);
    const decision = this.#decide(opening, request, abort);
    return whenKnown(decision, (decided) => this.#accept(decided, opening, offer, request, client));
  }

  #decide(opening: Opening, request: UpgradeRequest, abort: LazyAbort): Eventually<Decision<Data>> {
    try {
      const decision = settle(decide(this.#options, request, opening.answerable()));
      return isThenable(decision) ? this.#waitFor(decision, opening, abort) : decision;
    } catch (error) {
      return this.#refusalFor(error);
    }
  }

  async #waitFor(decision: PromiseLike<Decision<Data>>, opening: Opening, abort: LazyAbort): Promise<Decision<Data>> {
    const pending = new PendingHandshake(opening, this.#options.handshakeTimeoutMs, this.#timers, abort);
    this.#pending.add(pending);
    try {
      return await Promise.race([decision, pending.ended]);
    } catch (error) {
      return this.#refusalFor(error);
    } finally {
      this.#pending.delete(pending);
      pending.end();
    }
  }

  #accept(
    decided: Decision<Data>,
    opening: Opening,
    offer: Offer,
    request: UpgradeRequest,
    client: RequestClient,
  ): Outcome<Data> {
    if (decided === undefined || decided instanceof Refusal) return decided;
    if (opening.hasLeft) return undefined;
    if (this.#closing !== undefined) return refusalOf("shutting-down");
    try {
      const deflate = this.#acceptDeflate(offer);
      const { subprotocol, headers } = decided;
      opening.accept({ subprotocol, extensions: deflate?.response ?? "", headers });
      return this.#connect(opening, request, decided, deflate, client.address);
    } catch (error) {
      return this.#refusalFor(error);
    }
  }

  /** What is answered where the code of a policy has failed, or has thrown a refusal. */
  #refusalFor(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    this.report(error);
    return refusalOf("handshake-failed");
  }

  /** Makes the connection of a handshake that has been accepted. */
  #connect(
    { duplex, head, lastingHeaders: headers }: Opening,
    { remote, local, url, httpVersion }: UpgradeRequest,
    { data, subprotocol }: Admitted<Data>,
    deflate: DeflateAcceptance | undefined,
    address: string,
  ): Connection<Data> {
    const setup = {
      socket: duplex,
      options: this.#options.connection,
      readBuffer: this.#readBuffer,
      writeSlabs: this.#writeSlabs,
      maskKeys: undefined,
      deflate: deflate?.agreement,
      spares: duplex instanceof BareSocket && deflate === undefined ? this.#spares : undefined,
      timers: this.#timers,
      home: this.#home,
      source: this.#admission.countsAddresses ? address : "",
    };
    const extensions = deflate?.response ?? "";
    const details = { remote, local, subprotocol, extensions, url, httpVersion, headers, data };
    // It may be closed already when it is made, for the peer may have gone.
    const connection = new Connection(setup, details, this.#options.onError, head);
    heedErrors(duplex);
    if (connection.state !== "closed") this.#connections.add(connection);
    return connection;
  }

  /** What we answer to an offer of compression; `undefined` where there is none that we take. */
  #acceptDeflate({ extensions }: Offer): DeflateAcceptance | undefined {
    const { compression } = this.#options.connection;
    return compression === undefined ? undefined : acceptDeflate(extensions, withinBudget(compression));
  }

  /** Tells `onError` of a failure that belongs to no connection. */
  report(error: unknown): void {
    try {
      const result = this.#options.onError(error, undefined);
      if (isThenable(result)) result.then(undefined, ignore);
    } catch {
      // Documented at `onError`.
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** What connections of these options can leave to each other, if anything. */
function openSpares(
  options: ResolvedConnectionOptions,
  readBuffer: ReadBuffer,
  writeSlabs: WriteSlabPool,
): SpareHalves | undefined {
  if (options.observers !== undefined || options.rateLimit !== undefined) return undefined;
  return new SpareHalves({ options, readBuffer, writeSlabs, maskKeys: undefined });
}

function ignore(): void {}
