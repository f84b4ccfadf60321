import type { SocketClose } from "./reconnecting-state.js";

/**
 * Codes after which coming back would change nothing: the server is done (1000), or refuses what this client is or sends
 * (1002, 1003, 1007 to 1010; 3000 unauthorized and 3003 forbidden of the IANA registry).
 */
const FINAL: readonly number[] = [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003];

/**
 * Whether to come back after a close: the default of `shouldReconnect`. Of the codes that applications choose, 3500 to 3999
 * and 4500 to 4999 are final and the others are not, as Centrifugo has it.
 */
export function mayReconnectAfter({ code }: SocketClose): boolean {
  return !(FINAL.includes(code) || (code >= 3500 && code <= 3999) || (code >= 4500 && code <= 4999));
}

/**
 * Whether an attempt failed for what the next would fail for too. `new WebSocket` refuses a URL or a subprotocol with a
 * `SyntaxError`, a `DOMException` of that name; Node's `URL` and `connect` of `halyard/client` refuse a URL with that code.
 */
export function isHopeless(error: unknown): boolean {
  const { name, code } = Object(error) as { readonly name?: unknown; readonly code?: unknown };
  return name === "SyntaxError" || code === "ERR_INVALID_URL";
}
