/** Bun's own server, run by Bun. Broadcasts are its own publish. */
import type { CompressionMode } from "../control/messages.js";
import { reportPort, settings } from "./server-control.js";

interface BunSocket {
  readonly data: { readonly path: string };
  send(message: string | Uint8Array, compress?: boolean): number;
  subscribe(topic: string): void;
}

interface BunServer {
  readonly port: number;
  upgrade(request: Request, options: { readonly data: { readonly path: string } }): boolean;
  publish(topic: string, message: string | Uint8Array, compress?: boolean): number;
}

declare const Bun: {
  serve(options: object): BunServer;
  file(path: string): object;
};

const compression: Readonly<Record<CompressionMode, object>> = {
  "no-takeover": { compress: "shared", decompress: "shared" },
  "small-window": { compress: "8KB", decompress: "8KB" },
  "full-window": { compress: "256KB", decompress: "32KB" },
};

const { tls, maxMessageBytes = 16 * 1024 * 1024 } = settings;
const compress = settings.compression !== undefined;
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  ...(tls !== undefined && { tls: { cert: Bun.file(tls.cert), key: Bun.file(tls.key) } }),
  fetch: (request: Request, own: BunServer) =>
    own.upgrade(request, { data: { path: new URL(request.url).pathname } })
      ? undefined
      : new Response("not a WebSocket\n", { status: 426 }),
  websocket: {
    maxPayloadLength: maxMessageBytes,
    backpressureLimit: 2 * maxMessageBytes,
    perMessageDeflate: settings.compression === undefined ? false : compression[settings.compression],
    open: (socket: BunSocket) => {
      if (socket.data.path === "/subscribe") socket.subscribe("all");
    },
    message: (socket: BunSocket, message: string | Uint8Array) => {
      if (socket.data.path === "/broadcast") server.publish("all", message, compress);
      else socket.send(message, compress);
    },
  },
});
reportPort(server.port);
