/** The WebSocket that a runtime has: undici's on Node, Bun's, Deno's. */
import { driveClient } from "./client-control.js";

interface WhatwgSocket {
  addEventListener(event: "open" | "error" | "close", listener: () => void): void;
  addEventListener(event: "message", listener: (event: { readonly data: string }) => void): void;
  send(message: string): void;
  close(): void;
}

const { WebSocket } = globalThis as unknown as { readonly WebSocket: new (url: string) => WhatwgSocket };

await driveClient(async (url, onMessage, onEnd) => {
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error(`cannot connect to ${url}`)));
  });
  socket.addEventListener("message", (event) => onMessage(event.data));
  socket.addEventListener("close", onEnd);
  return { send: (message) => socket.send(message), close: () => socket.close() };
});
