/** The WebSocket that a runtime has: undici's on Node, Bun's, Deno's. */
import { driveClient } from "./client-control.js";

interface WhatwgSocket {
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { readonly data: string }) => void) | null;
  send(message: string): void;
  close(): void;
}

const { WebSocket } = globalThis as unknown as { readonly WebSocket: new (url: string) => WhatwgSocket };

await driveClient(async (url, onMessage, onEnd) => {
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`cannot connect to ${url}`));
  });
  socket.onmessage = (event) => onMessage(event.data);
  socket.onclose = onEnd;
  return { send: (message) => socket.send(message), close: () => socket.close() };
});
