/** The name of a fault in a server's answer to an opening handshake, stable across versions. */
export type ResponseFaultCode =
  | "status-not-101"
  | "response-version-too-old"
  | "upgrade-not-websocket"
  | "response-connection-without-upgrade"
  | "accept-missing"
  | "accept-repeated"
  | "accept-wrong"
  | "extensions-repeated"
  | "extensions-unreadable"
  | "extension-not-offered"
  | "extension-agreed-twice"
  | "deflate-parameter-unknown"
  | "deflate-parameter-repeated"
  | "deflate-parameter-invalid"
  | "deflate-takeover-kept"
  | "subprotocol-repeated"
  | "subprotocol-not-offered";

/** The part of the answer that a fault is in. */
export type ResponseFaultSubject = "upgrade" | "accept-key" | "extension" | "subprotocol";

/** One row of the table: the part at fault, the section that asks for it, and what is wrong. */
export interface ResponseFaultRow {
  /** What in the response it is about. */
  readonly subject: ResponseFaultSubject;
  /** Of RFC 6455 where nothing is said. */
  readonly rfc?: 7692;
  /** The section of the RFC that it breaks. */
  readonly section: string;
  /** What is wrong, for people. */
  readonly explanation: string;
}

/**
 * Everything that can be wrong with a server's answer to an opening handshake, in the order in which it is looked for: of
 * several faults the first is reported. docs/faults.md lists the same rows; a test holds the two together.
 */
export const responseFaults: Readonly<Record<ResponseFaultCode, ResponseFaultRow>> = {
  "status-not-101": {
    subject: "upgrade",
    section: "4.1",
    explanation: "The status is not 101.",
  },
  "response-version-too-old": {
    subject: "upgrade",
    section: "4.2.2",
    explanation: "The response is not HTTP/1.1 or higher.",
  },
  "upgrade-not-websocket": {
    subject: "upgrade",
    section: "4.1",
    explanation: "The Upgrade header is missing or says something else than websocket.",
  },
  "response-connection-without-upgrade": {
    subject: "upgrade",
    section: "4.1",
    explanation: "The Connection header of the response does not name Upgrade.",
  },
  "accept-missing": {
    subject: "accept-key",
    section: "4.1",
    explanation: "The Sec-WebSocket-Accept header is missing.",
  },
  "accept-repeated": {
    subject: "accept-key",
    section: "11.3.3",
    explanation: "There is more than one Sec-WebSocket-Accept header.",
  },
  "accept-wrong": {
    subject: "accept-key",
    section: "4.1",
    explanation: "The Sec-WebSocket-Accept header does not answer the key that was sent.",
  },
  "extensions-repeated": {
    subject: "extension",
    section: "11.3.2",
    explanation: "There is more than one Sec-WebSocket-Extensions header.",
  },
  "extensions-unreadable": {
    subject: "extension",
    section: "9.1",
    explanation: "The Sec-WebSocket-Extensions header of the response is not a list of extensions with parameters.",
  },
  "extension-not-offered": {
    subject: "extension",
    section: "4.1",
    explanation: "The response names an extension that was not offered.",
  },
  "extension-agreed-twice": {
    subject: "extension",
    section: "9.1",
    explanation: "The response names one extension twice.",
  },
  "deflate-parameter-unknown": {
    subject: "extension",
    rfc: 7692,
    section: "7.1",
    explanation: "The server's permessage-deflate has a parameter that is not one of its four.",
  },
  "deflate-parameter-repeated": {
    subject: "extension",
    rfc: 7692,
    section: "7.1",
    explanation: "The server's permessage-deflate has a parameter twice.",
  },
  "deflate-parameter-invalid": {
    subject: "extension",
    rfc: 7692,
    section: "7.1",
    explanation: "The server's permessage-deflate has a parameter with a value that it cannot have.",
  },
  "deflate-takeover-kept": {
    subject: "extension",
    rfc: 7692,
    section: "7.1.1.1",
    explanation: "The server was asked to keep no context between messages and did not agree to that.",
  },
  "subprotocol-repeated": {
    subject: "subprotocol",
    section: "11.3.4",
    explanation: "There is more than one Sec-WebSocket-Protocol header.",
  },
  "subprotocol-not-offered": {
    subject: "subprotocol",
    section: "4.1",
    explanation: "The response names a subprotocol that was not offered.",
  },
};
