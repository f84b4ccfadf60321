import type { IncomingMessage } from "node:http";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import type { Duplex } from "node:stream";
import { guardHttp2Session, Upgrader } from "halyard/server";

const upgrader = new Upgrader();

/** A server of `node:http2` whose WebSockets come over either version of HTTP. */
export function createServer(tls: { cert: string; key: string }): Http2SecureServer {
  const settings = { enableConnectProtocol: true, maxConcurrentStreams: 100 };
  const http2 = createSecureServer({ ...tls, allowHTTP1: true, settings });
  http2.on("session", (session) => guardHttp2Session(session)); // against floods, and those who only stay
  http2.on("stream", (stream, headers) => {
    if (headers[":protocol"] !== "websocket") return;
    upgrader.serveStream(stream, headers, (socket) => socket.send("welcome"));
  });
  http2.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrader.serve(request, socket, head, (connection) => connection.send("welcome"));
  });
  return http2;
}
