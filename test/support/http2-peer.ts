import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What a server of `node:http2` makes of each request. */
type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A server of `node:http2` alone, without anything of ours, on a free port of 127.0.0.1; it stops when the test is over. */
export class Http2Peer {
  readonly url: string;
  readonly http2: Http2Server;
  /** Every session that there was. */
  readonly sessions: ServerHttp2Session[] = [];
  /** The headers of every request. */
  readonly asked: IncomingHttpHeaders[] = [];

  private constructor(url: string, http2: Http2Server) {
    this.url = url;
    this.http2 = http2;
  }

  /** @param settings announced beside ENABLE_CONNECT_PROTOCOL */
  static async start(onStream: OnStream, settings: Settings = {}, tls?: SecureServerOptions): Promise<Http2Peer> {
    const options = { settings: { enableConnectProtocol: true, ...settings } };
    const http2 = tls === undefined ? createServer(options) : createSecureServer({ ...options, ...tls });
    http2.listen(0, "127.0.0.1");
    await once(http2, "listening");
    const { port } = http2.address() as AddressInfo;
    const peer = new Http2Peer(`${tls === undefined ? "ws" : "wss"}://127.0.0.1:${port}`, http2);
    http2.on("session", (session) => peer.sessions.push(session));
    http2.on("stream", (stream, headers) => {
      stream.on("error", () => {}); // a client that has left
      peer.asked.push(headers);
      onStream(stream, headers);
    });
    onTestFinished(() => {
      http2.close();
      for (const session of peer.sessions) session.destroy();
    });
    return peer;
  }
}
