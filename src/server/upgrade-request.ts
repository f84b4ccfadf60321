import type { IncomingHttpHeaders } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { formatAddress, type HttpVersion } from "../connection/index.js";
import type { NodeRequest, Offer, Opening } from "./opening.js";
import type { RequestClient } from "./request-client.js";

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

/** A request over either version of HTTP, Node's or an opening. */
interface Described {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: string;
}

/** What `checkHost` and `UpgradeRequest` have of a request, but for Node's own. */
export function describeRequest(
  { url = "/", headers, httpVersion }: Described,
  socket: Duplex | undefined,
  host: string,
  client: RequestClient,
): Omit<HttpRequest, "incoming"> {
  const net = socket instanceof Socket ? socket : undefined;
  return {
    url,
    headers,
    host: client.host ?? host,
    remote: client.remote,
    secure: client.secure,
    local: formatAddress(net?.localAddress, net?.localPort),
    httpVersion: httpVersion === "2.0" ? "2.0" : "1.1",
  };
}

/** The request of a handshake that asks for `offer`; `pending` has its signal. */
export function upgradeRequestOf(
  opening: Opening,
  { host, origin, subprotocols }: Offer,
  client: RequestClient,
  pending: { readonly signal: AbortSignal },
): UpgradeRequest {
  return {
    ...describeRequest(opening, opening.socket, host, client),
    origin,
    subprotocols,
    get incoming(): NodeRequest {
      return opening.incoming;
    },
    get signal(): AbortSignal {
      return pending.signal;
    },
  };
}
