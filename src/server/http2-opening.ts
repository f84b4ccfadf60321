import { Buffer } from "node:buffer";
import { Http2ServerRequest, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";

import type { TimerWheel } from "../connection/index.js";
import { readHttp2Handshake } from "../protocol/index.js";
import type { Acceptance, Offer, Opening, SocketEnds } from "./opening.js";
import { type Refusal, refusalOf } from "./refusal.js";
import { acceptStream, refuseOverStream } from "./stream-answer.js";
import { hasDuplexLeft, whenDuplexLeft } from "./when-left.js";

const NOTHING = Buffer.alloc(0);

/** An extended CONNECT of HTTP/2 (RFC 8441), as `node:http2` reports it. */
export class Http2Opening implements Opening {
  readonly duplex: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly head: Buffer = NOTHING;
  readonly httpVersion = "2.0";
  #incoming: Http2ServerRequest | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.duplex = stream;
    this.headers = headers;
  }

  get url(): string | undefined {
    return this.headers[":path"];
  }

  get ends(): SocketEnds | undefined {
    const { session } = this.duplex;
    return session === undefined || session.destroyed ? undefined : session.socket;
  }

  /** Made when somebody asks for it: it costs more than the handshake. */
  get incoming(): Http2ServerRequest {
    this.#incoming ??= new Http2ServerRequest(this.duplex, this.headers, {}, this.#rawHeaders);
    return this.#incoming;
  }

  get lastingHeaders(): IncomingHttpHeaders {
    return this.headers;
  }

  get hasLeft(): boolean {
    // It may have ended with its headers.
    return hasDuplexLeft(this.duplex) || this.duplex.endAfterHeaders;
  }

  readOffer(): Offer | Refusal {
    const verdict = readHttp2Handshake(this.#rawHeaders);
    return verdict.kind === "refusal" ? refusalOf(verdict.fault) : verdict;
  }

  answerable(): void {
    // Each stream is answered by itself.
  }

  whenLeft(onLeft: () => void): () => void {
    return whenDuplexLeft(this.duplex, onLeft);
  }

  accept({ subprotocol, extensions, headers }: Acceptance): void {
    acceptStream(this.duplex, subprotocol, extensions, headers);
  }

  refuse(refusal: Refusal, timers: TimerWheel): void {
    refuseOverStream(this.duplex, refusal, timers);
  }

  /** Names and values in turn, as far as Node has kept them apart. */
  get #rawHeaders(): readonly string[] {
    return Object.entries(this.headers).flatMap(([name, value]) =>
      [value ?? []].flat().flatMap((each) => [name, each]),
    );
  }
}

/** Whether a stream of HTTP/2 with these headers asks for a WebSocket: an extended CONNECT with `websocket`, RFC 8441 §5. */
export function asksForWebSocket(headers: IncomingHttpHeaders): boolean {
  return headers[":method"] === "CONNECT" && headers[":protocol"] === "websocket";
}
