import type { SocketClose } from "./reconnecting-state.js";

/**
 * Codes after which coming back would change nothing: the server is done (1000), or refuses what this client is or sends
 * (1002, 1003, 1007 to 1010; 3000 unauthorized and 3003 forbidden of the IANA registry). Of those that applications choose, 3500 to
 * 3999 and 4500 to 4999, as Centrifugo has it.
 */
const FINAL = /^(100[0237-9]|1010|300[03]|[34][5-9]\d{2})$/;

/** Whether to come back after a close: the default of `shouldReconnect`. */
export function mayReconnectAfter({ code }: SocketClose): boolean {
  return !FINAL.test(String(code));
}

/**
 * Whether an attempt failed for what the next would fail for too. `new WebSocket` refuses a URL or a subprotocol with a `DOMException`
 * `SyntaxError`, whose code is 12: that of `JSON.parse` has none, and says only that a server answered something else this once. Node's
 * `URL` and `connect` of `halyard/client` refuse a URL with a code of their own, and what `open` gave has ours where it is no socket.
 */
export function isHopeless(error: unknown): boolean {
  const { name, code } = Object(error) as { readonly name?: unknown; readonly code?: unknown };
  return code === "ERR_INVALID_URL" || code === "no-websocket" || (code === 12 && name === "SyntaxError");
}
