/** ws's client, which gives text as bytes: an application makes a string of it. */
import { once } from "node:events";
import WebSocket from "ws";
import { driveClient } from "./client-control.js";

await driveClient(async (url, onMessage, onEnd) => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, "open");
  socket.on("message", (data: Buffer) => onMessage(data.toString()));
  socket.on("close", onEnd);
  return { send: (message) => socket.send(message), close: () => socket.terminate() };
});
