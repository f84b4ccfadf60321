import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { formatAddress, type HttpVersion } from "../connection/index.js";
import { ConnectRequest } from "./connect-request.js";
import type { RequestClient } from "./request-client.js";

/** Node's own request: over HTTP/2 an `Http2ServerRequest`. The two have alike what both have. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** A request over HTTP, an upgrade or not, as `checkHost` sees it. */
export interface HttpRequest {
  /** The request target: `"/echo?room=1"`. */
  readonly url: string;
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
  /** Node's own request, for what is not here. */
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

/** What `checkHost` and `UpgradeRequest` have of Node's request, but for the request itself. */
export function describeRequest(
  incoming: NodeRequest | ConnectRequest,
  socket: Duplex | undefined,
  host: string,
  client: RequestClient,
): Omit<HttpRequest, "incoming"> {
  const net = socket instanceof Socket ? socket : undefined;
  return {
    url: incoming.url ?? "/",
    headers: incoming.headers,
    host: client.host ?? host,
    remote: client.remote,
    secure: client.secure,
    local: formatAddress(net?.localAddress, net?.localPort),
    httpVersion: incoming.httpVersion === "2.0" ? "2.0" : "1.1",
  };
}

/** Node's own request. */
export function nodeRequestOf(incoming: NodeRequest | ConnectRequest): NodeRequest {
  return incoming instanceof ConnectRequest ? incoming.incoming : incoming;
}
