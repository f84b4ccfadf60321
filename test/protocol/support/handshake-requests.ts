import type { HandshakeFaultCode } from "../../../src/protocol/handshake-fault.js";
import {
  type HandshakeOffer,
  type HandshakeRefusal,
  type HandshakeRequest,
  readHandshake,
} from "../../../src/protocol/opening-handshake.js";

export type Header = readonly [name: string, value: string];

export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** The handshake of RFC 6455 §1.2, without what is optional. */
export const required: readonly Header[] = [
  ["Host", "server.example.com"],
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Key", KEY],
  ["Sec-WebSocket-Version", "13"],
];

export function readRequest(
  headers: readonly Header[],
  request: Partial<HandshakeRequest> = {},
): HandshakeOffer | HandshakeRefusal {
  return readHandshake({ method: "GET", httpVersion: "1.1", rawHeaders: headers.flat(), ...request });
}

/** The handshake with headers of this name taken out, and these put in their place. */
export function requestWith(name: string, ...values: readonly string[]): readonly Header[] {
  const others = required.filter(([each]) => each !== name);
  return [...others, ...values.map((value): Header => [name, value])];
}

export function offerOf(changes: Partial<HandshakeOffer> = {}): HandshakeOffer {
  const plain = { key: KEY, host: "server.example.com", origin: undefined, subprotocols: [], extensions: [] };
  return { kind: "offer", ...plain, ...changes };
}

export function refusal(fault: HandshakeFaultCode): HandshakeRefusal {
  return { kind: "refusal", fault };
}
