import type { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { HttpVersion, LaterHeaders, TimerWheel, Transport } from "../connection/index.js";
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

/** Whom a connection of TCP connects, as a `net.Socket` tells it. */
export interface SocketEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

/** What `socket` is to tell, if it is one. */
export function endsOf(socket: Duplex | undefined): SocketEnds | undefined {
  return socket instanceof Socket ? socket : undefined;
}

/** A request to open a WebSocket, as one version of HTTP has it: an upgrade, or an extended CONNECT. */
export interface Opening {
  /** What the frames will go over: the socket, over HTTP/2 the stream. */
  readonly duplex: Transport;
  /** What came on it together with the request. */
  readonly head: Buffer;
  /** What has the addresses: over HTTP/2 the socket of the session, undefined once it is gone. */
  readonly ends: SocketEnds | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** The same for the connection, which keeps it: it refers to nothing else of the opening. */
  readonly lastingHeaders: IncomingHttpHeaders | LaterHeaders;
  readonly httpVersion: HttpVersion;
  /** Node's own request. */
  readonly incoming: NodeRequest;
  /** Whether nobody waits for an answer: what it came over is gone, has ended, or takes nothing more. */
  readonly hasLeft: boolean;
  /** What it asks for by the rules of the RFC, or why it may not be accepted. */
  readOffer(): Offer | Refusal;
  /** Settled when it may be answered. */
  answerable(): Eventually<void>;
  /** Calls `onLeft` when the client leaves before it is answered; gives what ends that. */
  whenLeft(onLeft: () => void): () => void;
  /** Opens the WebSocket. Comes after `readOffer`. */
  accept(acceptance: Acceptance): void;
  /** @throws for a refusal made by hand that cannot be sent. */
  refuse(refusal: Refusal, timers: TimerWheel): void;
}
