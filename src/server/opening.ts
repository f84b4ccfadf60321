import type { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Duplex } from "node:stream";

import type { HttpVersion, TimerWheel } from "../connection/index.js";
import type { Eventually } from "../internal/eventually.js";
import type { HeaderFields } from "../internal/header-fields.js";
import type { HandshakeOffer } from "../protocol/index.js";
import type { Refusal } from "./refusal.js";

/** Node's own request: over HTTP/2 an `Http2ServerRequest`. The two have alike what both have. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** What a valid handshake asks for, over whichever version of HTTP. */
export type Offer = Omit<HandshakeOffer, "key">;

/** What a handshake is answered with when it is let in. */
export interface Acceptance {
  readonly subprotocol: string;
  readonly extensions: string;
  /** Checked already. */
  readonly headers: HeaderFields;
}

/** A request to open a WebSocket, as one version of HTTP has it: an upgrade, or an extended CONNECT. */
export interface Opening {
  /** What the frames will go over: the socket, over HTTP/2 the stream. */
  readonly duplex: Duplex;
  /** What came on it together with the request. */
  readonly head: Buffer;
  /** The socket that has the addresses: over HTTP/2 that of the session, undefined once it is gone. */
  readonly socket: Duplex | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: HttpVersion;
  /** Node's own request. */
  readonly incoming: NodeRequest;
  /** What it asks for by the rules of the RFC, or why it may not be accepted. */
  readOffer(): Offer | Refusal;
  /** Settled when it may be answered. */
  answerable(): Eventually<void>;
  /** Opens the WebSocket. Comes after `readOffer`. */
  accept(acceptance: Acceptance): void;
  /** @throws for a refusal made by hand that cannot be sent. */
  refuse(refusal: Refusal, timers: TimerWheel): void;
}
