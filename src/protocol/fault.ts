import { CloseCode } from "./close-code.js";

/** The name of a fault, stable across versions. */
export type FaultCode =
  | "reserved-bit"
  | "reserved-opcode"
  | "unmasked-frame"
  | "masked-frame"
  | "non-minimal-length"
  | "length-high-bit"
  | "fragmented-control"
  | "control-too-long"
  | "unexpected-continuation"
  | "expected-continuation"
  | "close-payload-of-one-byte"
  | "invalid-close-code"
  | "invalid-close-reason"
  | "invalid-utf8"
  | "invalid-deflate"
  | "unsupported-data"
  | "frame-too-big"
  | "message-too-big"
  | "too-many-fragments";

/** One row of the table: what a peer did, the close code it is told, and the section of the RFC that says so. */
export interface FaultRow {
  /** What the close frame that answers it says. */
  readonly closeCode: CloseCode;
  /** RFC 6455 where nothing is said. */
  readonly rfc?: 7692;
  /** The section of the RFC that it breaks. */
  readonly section: string;
  /** What is wrong, for people. */
  readonly explanation: string;
}

/**
 * Everything a peer can do wrong on an open connection. A fault is data: the receiver reports its code once and then ignores
 * all further bytes. docs/faults.md lists the same rows; a test holds the two together.
 */
export const faults: Readonly<Record<FaultCode, FaultRow>> = {
  "reserved-bit": {
    closeCode: CloseCode.protocolError,
    section: "5.2",
    explanation: "A reserved bit (RSV1-3) is set and no extension that defines it was negotiated.",
  },
  "reserved-opcode": {
    closeCode: CloseCode.protocolError,
    section: "5.2",
    explanation: "The opcode is one of those reserved for later (0x3-0x7, 0xB-0xF).",
  },
  "unmasked-frame": {
    closeCode: CloseCode.protocolError,
    section: "5.1",
    explanation: "A client sent a frame that is not masked.",
  },
  "masked-frame": {
    closeCode: CloseCode.protocolError,
    section: "5.1",
    explanation: "A server sent a frame that is masked.",
  },
  "non-minimal-length": {
    closeCode: CloseCode.protocolError,
    section: "5.2",
    explanation: "The payload length is written in more bytes than it needs.",
  },
  "length-high-bit": {
    closeCode: CloseCode.protocolError,
    section: "5.2",
    explanation: "The highest bit of a 64-bit payload length is set.",
  },
  "fragmented-control": {
    closeCode: CloseCode.protocolError,
    section: "5.5",
    explanation: "A control frame is fragmented (its FIN bit is clear).",
  },
  "control-too-long": {
    closeCode: CloseCode.protocolError,
    section: "5.5",
    explanation: "A control frame has a payload of more than 125 bytes.",
  },
  "unexpected-continuation": {
    closeCode: CloseCode.protocolError,
    section: "5.4",
    explanation: "A continuation frame came while no message was under way.",
  },
  "expected-continuation": {
    closeCode: CloseCode.protocolError,
    section: "5.4",
    explanation: "A new message began before the one under way had ended.",
  },
  "close-payload-of-one-byte": {
    closeCode: CloseCode.protocolError,
    section: "5.5.1",
    explanation: "A close frame has a payload of one byte; a code takes two.",
  },
  "invalid-close-code": {
    closeCode: CloseCode.protocolError,
    section: "7.4",
    explanation: "A close frame carries a code that may not be sent.",
  },
  "invalid-close-reason": {
    closeCode: CloseCode.invalidPayload,
    section: "5.5.1",
    explanation: "The reason in a close frame is not valid UTF-8.",
  },
  "invalid-utf8": {
    closeCode: CloseCode.invalidPayload,
    section: "8.1",
    explanation: "A text message is not valid UTF-8.",
  },
  "invalid-deflate": {
    closeCode: CloseCode.invalidPayload,
    rfc: 7692,
    section: "7.2.2",
    explanation: "A compressed message is not whole, valid DEFLATE data.",
  },
  "unsupported-data": {
    closeCode: CloseCode.unsupportedData,
    section: "7.4.1",
    explanation: "A message of a type came (text or binary) that this endpoint does not take.",
  },
  "frame-too-big": {
    closeCode: CloseCode.messageTooBig,
    section: "10.4",
    explanation: "A frame announces a payload above maxFrameBytes.",
  },
  "message-too-big": {
    closeCode: CloseCode.messageTooBig,
    section: "10.4",
    explanation: "A message, its frames added up and inflated, has more than maxMessageBytes.",
  },
  "too-many-fragments": {
    closeCode: CloseCode.policyViolation,
    section: "10.4",
    explanation: "A message has more fragments than maxFragments.",
  },
};
