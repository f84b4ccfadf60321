import { Http2ServerRequest, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

/** An extended CONNECT as `node:http2` reports it: what an `IncomingMessage` is to an upgrade of HTTP/1.1. */
export class ConnectRequest {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion = "2.0";
  #incoming: Http2ServerRequest | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.stream = stream;
    this.headers = headers;
  }

  get url(): string {
    return this.headers[":path"] ?? "/";
  }

  /** The socket of the session, whose addresses are the peer's; undefined once the session is gone. */
  get socket(): Socket | undefined {
    const { session } = this.stream;
    return session === undefined || session.destroyed ? undefined : session.socket;
  }

  /** Names and values in turn, as far as Node has kept them apart. */
  get rawHeaders(): readonly string[] {
    return Object.entries(this.headers).flatMap(([name, value]) =>
      [value ?? []].flat().flatMap((each) => [name, each]),
    );
  }

  /** Node's own request, made when somebody asks for it: it costs more than the handshake. */
  get incoming(): Http2ServerRequest {
    this.#incoming ??= new Http2ServerRequest(this.stream, this.headers, {}, this.rawHeaders);
    return this.#incoming;
  }
}

/** Whether a stream of HTTP/2 with these headers asks for a WebSocket: an extended CONNECT with `websocket`, RFC 8441 §5. */
export function asksForWebSocket(headers: IncomingHttpHeaders): boolean {
  return headers[":method"] === "CONNECT" && headers[":protocol"] === "websocket";
}
