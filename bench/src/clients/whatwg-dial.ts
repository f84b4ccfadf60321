import type { Dial } from "./client-control.js";

interface WhatwgSocket {
  addEventListener(event: "open" | "error" | "close", listener: () => void): void;
  addEventListener(event: "message", listener: (event: { readonly data: string }) => void): void;
  send(message: string): void;
  close(): void;
}

/** Connects by a `WebSocket` class of the web, whoever made it. */
export function dialWith(WebSocket: new (url: string) => WhatwgSocket): Dial {
  return async (url, onMessage, onEnd) => {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error(`cannot connect to ${url}`)));
    });
    socket.addEventListener("message", (event) => onMessage(event.data));
    socket.addEventListener("close", onEnd);
    return { send: (message) => socket.send(message), close: () => socket.close() };
  };
}
