import {
  type HandshakeAgreement,
  type HandshakeExpectation,
  type HandshakeFailure,
  type HandshakeResponse,
  readHandshakeResponse,
} from "../../../src/protocol/handshake-response.js";
import type { ResponseFaultCode } from "../../../src/protocol/response-fault.js";
import type { Header } from "./handshake-requests.js";

export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** The answer of RFC 6455 §1.2, without what is optional. */
export const answer: readonly Header[] = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Accept", ACCEPT],
];

const expectation: HandshakeExpectation = {
  accept: ACCEPT,
  subprotocols: ["chat", "superchat"],
  deflate: { ours: { contextTakeover: true, windowBits: 15 }, peers: { contextTakeover: false, windowBits: 12 } },
};

export function readAnswer(
  headers: readonly Header[],
  response: Partial<HandshakeResponse> = {},
  expected: Partial<HandshakeExpectation> = {},
): HandshakeAgreement | HandshakeFailure {
  return readHandshakeResponse(
    { status: 101, httpVersion: "1.1", rawHeaders: headers.flat(), ...response },
    { ...expectation, ...expected },
  );
}

/** The answer with headers of this name taken out, and these put in their place. */
export function answerWith(name: string, ...values: readonly string[]): readonly Header[] {
  const others = answer.filter(([each]) => each !== name);
  return [...others, ...values.map((value): Header => [name, value])];
}

export function agreement(changes: Partial<HandshakeAgreement> = {}): HandshakeAgreement {
  return { kind: "agreement", subprotocol: "", deflate: undefined, ...changes };
}

export function failure(fault: ResponseFaultCode): HandshakeFailure {
  return { kind: "failure", fault };
}
