/** uWebSockets.js in the idiom of its examples. Broadcasts are its own publish. */
import type { CompressionMode } from "../control/messages.js";
import { packageOf } from "./packages.js";
import { reportPort, settings } from "./server-control.js";

interface UwsSocket {
  send(message: ArrayBuffer, isBinary: boolean, compress: boolean): number;
  subscribe(topic: string): boolean;
}

interface UwsBehavior {
  readonly compression?: number;
  readonly maxPayloadLength?: number;
  readonly maxBackpressure?: number;
  readonly idleTimeout?: number;
  readonly open?: (socket: UwsSocket) => void;
  readonly message?: (socket: UwsSocket, message: ArrayBuffer, isBinary: boolean) => void;
}

interface UwsApp {
  ws(path: string, behavior: UwsBehavior): UwsApp;
  publish(topic: string, message: ArrayBuffer, isBinary: boolean, compress: boolean): boolean;
  listen(host: string, port: number, done: (listening: object | false) => void): UwsApp;
}

interface Uws {
  App(): UwsApp;
  SSLApp(options: { readonly cert_file_name: string; readonly key_file_name: string }): UwsApp;
  us_socket_local_port(listening: object): number;
  readonly SHARED_COMPRESSOR: number;
  readonly DEDICATED_COMPRESSOR_8KB: number;
  readonly DEDICATED_COMPRESSOR_256KB: number;
  readonly SHARED_DECOMPRESSOR: number;
  readonly DEDICATED_DECOMPRESSOR_8KB: number;
  readonly DEDICATED_DECOMPRESSOR_32KB: number;
}

const uws = packageOf("uwebsockets") as Uws;

const compression: Readonly<Record<CompressionMode, number>> = {
  "no-takeover": uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR,
  "small-window": uws.DEDICATED_COMPRESSOR_8KB | uws.DEDICATED_DECOMPRESSOR_8KB,
  "full-window": uws.DEDICATED_COMPRESSOR_256KB | uws.DEDICATED_DECOMPRESSOR_32KB,
};

const { tls, maxMessageBytes = 1024 * 1024 } = settings;
const compress = settings.compression !== undefined;
// Its default limit of 16 KiB would end connections of these workloads, its default back-pressure limit drop messages.
const common: UwsBehavior = {
  maxPayloadLength: maxMessageBytes,
  maxBackpressure: 2 * Math.max(maxMessageBytes, 8 * 1024 * 1024),
  ...(settings.compression !== undefined && { compression: compression[settings.compression] }),
};

const app = tls === undefined ? uws.App() : uws.SSLApp({ cert_file_name: tls.cert, key_file_name: tls.key });
app
  .ws("/echo", { ...common, message: (socket, message, isBinary) => void socket.send(message, isBinary, compress) })
  .ws("/subscribe", { ...common, open: (socket) => void socket.subscribe("all") })
  .ws("/broadcast", {
    ...common,
    message: (_, message, isBinary) => void app.publish("all", message, isBinary, compress),
  })
  .listen("127.0.0.1", 0, (listening) => {
    if (listening === false) throw new Error("uWebSockets.js cannot listen");
    reportPort(uws.us_socket_local_port(listening));
  });
