/** The name of a fault in a server's answer to our offer of compression, stable across versions. */
export type DeflateAnswerFaultCode =
  | "extension-not-offered"
  | "deflate-repeated"
  | "deflate-parameter-unknown"
  | "deflate-parameter-repeated"
  | "deflate-parameter-invalid"
  | "deflate-takeover-kept"
  | "deflate-window-too-wide";

/** One row of the table: the RFC and the section for which a client fails the connection, and why. */
export interface DeflateAnswerFaultRow {
  readonly rfc: 6455 | 7692;
  readonly section: string;
  readonly explanation: string;
}

/**
 * Everything that can be wrong with the Sec-WebSocket-Extensions of a server's response, once it is well-formed. docs/faults.md
 * lists the same rows; a test holds the two together.
 */
export const deflateAnswerFaults: Readonly<Record<DeflateAnswerFaultCode, DeflateAnswerFaultRow>> = {
  "extension-not-offered": {
    rfc: 6455,
    section: "4.1",
    explanation: "The server uses an extension that was not offered.",
  },
  "deflate-repeated": {
    rfc: 7692,
    section: "5",
    explanation: "The server accepts permessage-deflate more than once.",
  },
  "deflate-parameter-unknown": {
    rfc: 7692,
    section: "7.1",
    explanation: "The server's permessage-deflate has a parameter that is not one of its four.",
  },
  "deflate-parameter-repeated": {
    rfc: 7692,
    section: "7.1",
    explanation: "The server's permessage-deflate has a parameter twice.",
  },
  "deflate-parameter-invalid": {
    rfc: 7692,
    section: "7.1",
    explanation: "The server's permessage-deflate has a parameter with a value that it cannot have.",
  },
  "deflate-takeover-kept": {
    rfc: 7692,
    section: "7.1.1.1",
    explanation: "The server was asked to keep no context between messages and did not agree to that.",
  },
  "deflate-window-too-wide": {
    rfc: 7692,
    section: "7.1.2.1",
    explanation: "The server was asked to limit its window and did not agree to that.",
  },
};
