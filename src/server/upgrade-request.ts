import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { formatAddress } from "../connection/index.js";

/** A request over HTTP, an upgrade or not, as `checkHost` sees it. */
export interface HttpRequest {
  /** The request target: `"/echo?room=1"`. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The Host header as sent: `"example.com:8080"`. */
  readonly host: string;
  /** The peer's address and port: `"192.0.2.1:58036"`. */
  readonly remote: string;
  /** Our address and port. */
  readonly local: string;
  /** Node's own request, for what is not here. */
  readonly incoming: IncomingMessage;
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

/** Node's request as `checkHost` and `UpgradeRequest` have it. */
export function describeRequest(incoming: IncomingMessage, socket: Duplex, host: string): HttpRequest {
  const net = socket instanceof Socket ? socket : undefined;
  return {
    url: incoming.url ?? "/",
    headers: incoming.headers,
    host,
    remote: formatAddress(net?.remoteAddress, net?.remotePort),
    local: formatAddress(net?.localAddress, net?.localPort),
    incoming,
  };
}
