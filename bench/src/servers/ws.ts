/** ws in the idiom of its README: its defaults, but for what the settings ask for. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type * as library from "ws";
import type { CompressionMode } from "../control/messages.js";
import { packageOf } from "./packages.js";
import { reportPort, settings } from "./server-control.js";

const { WebSocketServer, WebSocket } = packageOf("ws") as typeof library;

const compression: Readonly<Record<CompressionMode, library.PerMessageDeflateOptions>> = {
  "no-takeover": { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  "small-window": {
    threshold: 0,
    serverMaxWindowBits: 13,
    clientMaxWindowBits: 13,
    zlibDeflateOptions: { memLevel: 6 },
  },
  "full-window": { threshold: 0 },
};

const { tls, maxMessageBytes } = settings;
const http =
  tls === undefined ? createServer() : createSecureServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) });
const server = new WebSocketServer({
  server: http,
  perMessageDeflate: settings.compression === undefined ? false : compression[settings.compression],
  ...(maxMessageBytes !== undefined && { maxPayload: maxMessageBytes }),
});

const subscribers = new Set<library.WebSocket>();

server.on("connection", (socket, request) => {
  switch (request.url ?? "") {
    case "/subscribe":
      subscribers.add(socket);
      socket.on("close", () => subscribers.delete(socket));
      break;
    case "/broadcast":
      socket.on("message", (data, isBinary) => publish(data, isBinary));
      break;
    default:
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  }
});

/** As in "Server broadcast" of its README. */
function publish(data: library.RawData, isBinary: boolean): void {
  for (const client of subscribers) {
    if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
  }
}

http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => reportPort((http.address() as AddressInfo).port));
