/** The name of a fault in an opening handshake, stable across versions. */
export type HandshakeFaultCode =
  | "method-not-get"
  | "http-version-too-old"
  | "request-has-body"
  | "host-missing"
  | "host-repeated"
  | "upgrade-missing"
  | "connection-without-upgrade"
  | "version-repeated"
  | "version-unsupported"
  | "origin-repeated"
  | "key-missing"
  | "key-repeated"
  | "key-invalid"
  | "subprotocols-malformed"
  | "extensions-malformed";

/** One row of the table: the HTTP status that answers the fault, the RFC 6455 section that asks for it, and why. */
export interface HandshakeFaultRow {
  /** The status of the HTTP response that answers it. */
  readonly status: number;
  /** The section of RFC 6455 that it breaks. */
  readonly section: string;
  /** What is wrong, for people. */
  readonly explanation: string;
}

/**
 * Everything that can be wrong with a client's opening handshake, in the order in which it is looked for: of several faults the
 * first is reported. docs/faults.md lists the same rows; a test holds the two together.
 */
export const handshakeFaults: Readonly<Record<HandshakeFaultCode, HandshakeFaultRow>> = {
  "method-not-get": {
    status: 405,
    section: "4.2.1",
    explanation: "The method of a WebSocket handshake is GET.",
  },
  "http-version-too-old": {
    status: 505,
    section: "4.2.1",
    explanation: "A WebSocket handshake takes HTTP/1.1 or higher.",
  },
  "request-has-body": {
    status: 400,
    section: "4.1",
    explanation: "A WebSocket handshake has no body: no Transfer-Encoding, no Content-Length above 0.",
  },
  "host-missing": { status: 400, section: "4.2.1", explanation: "The Host header is missing or empty." },
  "host-repeated": { status: 400, section: "4.2.1", explanation: "There is more than one Host header." },
  "upgrade-missing": {
    status: 426,
    section: "4.2.1",
    explanation: "The Upgrade header does not name websocket.",
  },
  "connection-without-upgrade": {
    status: 400,
    section: "4.2.1",
    explanation: "The Connection header does not name Upgrade.",
  },
  "version-repeated": {
    status: 400,
    section: "11.3.5",
    explanation: "There is more than one Sec-WebSocket-Version header.",
  },
  "version-unsupported": {
    status: 426,
    section: "4.4",
    explanation: "The Sec-WebSocket-Version header is missing or is not 13.",
  },
  "origin-repeated": { status: 400, section: "4.2.1", explanation: "There is more than one Origin header." },
  "key-missing": { status: 400, section: "4.2.1", explanation: "The Sec-WebSocket-Key header is missing." },
  "key-repeated": {
    status: 400,
    section: "11.3.1",
    explanation: "There is more than one Sec-WebSocket-Key header.",
  },
  "key-invalid": {
    status: 400,
    section: "4.2.1",
    explanation: "The Sec-WebSocket-Key header is not 16 bytes in base64.",
  },
  "subprotocols-malformed": {
    status: 400,
    section: "4.1",
    explanation: "The Sec-WebSocket-Protocol header is not a list of unique tokens.",
  },
  "extensions-malformed": {
    status: 400,
    section: "9.1",
    explanation: "The Sec-WebSocket-Extensions header is not a list of extensions with parameters.",
  },
};
