/** Socket.IO over WebSocket alone: an event for everybody. */
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { packageOf } from "./packages.js";
import { reportPort } from "./server-control.js";

interface IoSocket {
  on(event: string, listener: (data: string) => void): void;
  join(room: string): void;
  readonly handshake: { readonly query: Readonly<Record<string, string | undefined>> };
}

interface Io {
  on(event: "connection", listener: (socket: IoSocket) => void): void;
  to(room: string): { emit(event: string, data: string): void };
}

const { Server } = packageOf("socket.io") as { Server: new (http: HttpServer, options: object) => Io };

const http = createServer();
// The generator answers no pings.
const io = new Server(http, { transports: ["websocket"], pingInterval: 10_000_000 });
io.on("connection", (socket) => {
  if (socket.handshake.query["role"] === "subscriber") socket.join("all");
  socket.on("m", (data) => io.to("all").emit("m", data));
});
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => reportPort((http.address() as AddressInfo).port));
