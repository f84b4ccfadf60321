import { WebSocket } from "halyard/web";

/** Connects with what no browser lets a page set, and says why where that fails. */
export function logIn(url: string, token: string): Promise<string> {
  const socket = new WebSocket(url, {
    protocols: ["chat.v2"],
    headers: { Authorization: `Bearer ${token}` },
    compression: true,
    handshakeTimeoutMs: 3_000,
  });
  return new Promise((resolve) => {
    socket.addEventListener("error", ({ message = "" }) => resolve(message)); // a browser tells nothing
    socket.addEventListener("open", () => {
      resolve(`speaking ${socket.protocol}, ${socket.extensions || "not compressed"}`);
      socket.close();
    });
  });
}
