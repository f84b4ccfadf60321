/** The name of a fault that only an opening handshake over HTTP/2 can have, stable across versions. */
export type Http2HandshakeFaultCode =
  | "method-not-connect"
  | "protocol-not-websocket"
  | "target-missing"
  | "host-differs";

/** One row of the table: the HTTP status that answers the fault, the section that asks for it, and why. */
export interface Http2HandshakeFaultRow {
  /** The status of the response that answers it. */
  readonly status: number;
  /** The RFC that it breaks. */
  readonly rfc: 8441 | 9113;
  /** The section there. */
  readonly section: string;
  /** What is wrong, for people. */
  readonly explanation: string;
}

/**
 * What can be wrong with an opening handshake over HTTP/2, beside what can be over HTTP/1.1 too. docs/faults.md lists the same
 * rows; a test holds the two together.
 */
export const http2HandshakeFaults: Readonly<Record<Http2HandshakeFaultCode, Http2HandshakeFaultRow>> = {
  "method-not-connect": {
    status: 405,
    rfc: 8441,
    section: "4",
    explanation: "The method of a WebSocket handshake over HTTP/2 is CONNECT.",
  },
  "protocol-not-websocket": {
    status: 501,
    rfc: 8441,
    section: "5",
    explanation: "The :protocol of the extended CONNECT is not websocket.",
  },
  "target-missing": {
    status: 400,
    rfc: 8441,
    section: "4",
    explanation: "An extended CONNECT has a :scheme and a :path; one of them is missing or empty.",
  },
  "host-differs": {
    status: 400,
    rfc: 9113,
    section: "8.3.1",
    explanation: "The Host header names another server than :authority does.",
  },
};
