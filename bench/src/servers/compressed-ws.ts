/** ws, echoing with compression. The argument is its option `perMessageDeflate` as JSON. */
import { type PerMessageDeflateOptions, WebSocketServer } from "ws";
import { reportPort } from "./server-control.js";

const perMessageDeflate = JSON.parse(process.argv[2] ?? "false") as boolean | PerMessageDeflateOptions;
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate });

server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.on("listening", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("ws has no port");
  reportPort(address.port);
});
