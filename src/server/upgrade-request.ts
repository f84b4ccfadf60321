import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import { formatAddress, type HttpVersion } from "../connection/index.js";
import type { LazyAbort } from "./lazy-abort.js";
import { endsOf, type NodeRequest, type Offer, type Opening, type SocketEnds } from "./opening.js";
import type { RequestClient } from "./request-client.js";

/** A request over HTTP, an upgrade or not, as `checkHost` sees it. */
export interface HttpRequest {
  /** The request target: `"/echo?room=1"`. */
  readonly url: string;
  /** The headers, with names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /**
   * The Host header as sent, over HTTP/2 the `:authority`: `"example.com:8080"`; what a trusted proxy says in its place, with
   * `trustProxy: { host: true }`.
   */
  readonly host: string;
  /**
   * The client's address and port: `"192.0.2.1:58036"`. One that a trusted proxy tells (`trustProxy`) has a port where the
   * proxy tells that too, and may be hidden: `"_gazonk"`, `"unknown"`.
   */
  readonly remote: string;
  /** Whether the client speaks TLS: with us, or with the first of the trusted proxies if they say so. */
  readonly secure: boolean;
  /** Our address and port. */
  readonly local: string;
  /** `"2.0"` over HTTP/2, `"1.1"` otherwise. */
  readonly httpVersion: HttpVersion;
  /**
   * Node's own request, for what is not here. Over plain TCP `serve` makes it when you ask, and its `socket` stands for a connection that has
   * none of Node's: it has the addresses, can be written to and destroyed, and tells of `close`; what comes is not read from it.
   */
  readonly incoming: NodeRequest;
}

/** A client's opening handshake, valid by RFC 6455, as the policies and `authorize` see it. */
export interface UpgradeRequest extends HttpRequest {
  /** The Origin header as sent; `undefined` when there is none, as from most clients that are not browsers. */
  readonly origin: string | undefined;
  /** The subprotocols asked for, in the client's order of preference. */
  readonly subprotocols: readonly string[];
  /** Aborted when the handshake times out, the client leaves or the server shuts down. */
  readonly signal: AbortSignal;
}

/** What `checkHost` sees of a request that is no upgrade. */
export function describeRequest(incoming: IncomingMessage, host: string, client: RequestClient): HttpRequest {
  return {
    url: incoming.url ?? "/",
    headers: incoming.headers,
    host: client.host ?? host,
    remote: client.remote,
    secure: client.secure,
    local: localAddressOf(endsOf(incoming.socket)),
    httpVersion: incoming.httpVersion === "2.0" ? "2.0" : "1.1",
    incoming,
  };
}

/**
 * The request of an opening that asks for an offer. A class, for V8 makes a hidden class of its own for each object literal with
 * accessors, and keeps it, with all that they refer to, until a major collection: half of the time of collecting garbage in handshakes.
 */
export class OpeningRequest implements UpgradeRequest {
  readonly url: string;
  readonly host: string;
  readonly remote: string;
  readonly secure: boolean;
  readonly local: string;
  readonly httpVersion: HttpVersion;
  readonly origin: string | undefined;
  readonly subprotocols: readonly string[];
  // Without `#`, so that what is derived from a request, or stands before it as a proxy, has its getters too.
  private readonly opening: Opening;
  private readonly abort: LazyAbort;

  /** @param abort has its signal */
  constructor(opening: Opening, { host, origin, subprotocols }: Offer, client: RequestClient, abort: LazyAbort) {
    this.url = opening.url ?? "/";
    this.host = client.host ?? host;
    this.remote = client.remote;
    this.secure = client.secure;
    this.local = localAddressOf(opening.ends);
    this.httpVersion = opening.httpVersion;
    this.origin = origin;
    this.subprotocols = subprotocols;
    this.opening = opening;
    this.abort = abort;
  }

  get headers(): IncomingHttpHeaders {
    return this.opening.headers;
  }

  get incoming(): NodeRequest {
    return this.opening.incoming;
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }
}

/** The latest of our own addresses: nearly all connections have it, and can share it. */
let latestLocal = "";

function localAddressOf(ends: SocketEnds | undefined): string {
  const local = formatAddress(ends?.localAddress, ends?.localPort);
  if (local !== latestLocal) latestLocal = local;
  return latestLocal;
}
