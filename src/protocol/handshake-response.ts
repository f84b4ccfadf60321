import { parseExtensionOffers } from "./extension-offer.js";
import { DEFLATE_EXTENSION, type DeflateAgreement, readDeflateAnswer } from "./permessage-deflate.js";
import type { ResponseFaultCode } from "./response-fault.js";
import { isSameToken, listHasToken, trimWhitespace } from "./token-list.js";

/** A server's answer to an opening handshake as it came. */
export interface HandshakeResponse {
  /** The status code. */
  readonly status: number;
  /** `"1.1"`, as `node:http` gives it. */
  readonly httpVersion: string;
  /** Names and values in turn, in the order and the case received, repetitions kept. */
  readonly rawHeaders: readonly string[];
}

/** What the client sent, as far as the answer must fit it. */
export interface HandshakeExpectation {
  /** The value of Sec-WebSocket-Accept that the key asks for. */
  readonly accept: string;
  /** The subprotocols that were offered. */
  readonly subprotocols: readonly string[];
  /** The permessage-deflate that was offered; `undefined` for none, and then every extension is at fault. */
  readonly deflate: DeflateAgreement | undefined;
}

/** What a valid answer settles. */
export interface HandshakeAgreement {
  /** Tells it from a failure. */
  readonly kind: "agreement";
  /** `""` when the server chose none, which it may. */
  readonly subprotocol: string;
  /** The permessage-deflate agreed on; `undefined` for none. */
  readonly deflate: DeflateAgreement | undefined;
}

/** An answer that opens no WebSocket, and why. */
export interface HandshakeFailure {
  /** Tells it from an agreement. */
  readonly kind: "failure";
  /** What is wrong with the response. */
  readonly fault: ResponseFaultCode;
}

/**
 * Reads a server's answer to an opening handshake by every rule of RFC 6455 §4.1. Pure, and linear in the size of the
 * headers.
 */
export function readHandshakeResponse(
  response: HandshakeResponse,
  expected: HandshakeExpectation,
): HandshakeAgreement | HandshakeFailure {
  const fault = checkUpgrade(response) ?? checkAccept(response, expected.accept);
  return fault === undefined ? readHandshakeAgreement(response, expected) : fail(fault);
}

/**
 * Reads what a server that has let us in has agreed to: the rules that hold whichever version of HTTP it spoke. Over HTTP/2 they
 * are all, behind a status of 2xx: RFC 8441 §5 does without key, Upgrade and Connection.
 */
export function readHandshakeAgreement(
  response: HandshakeResponse,
  expected: Omit<HandshakeExpectation, "accept">,
): HandshakeAgreement | HandshakeFailure {
  const deflate = readExtensions(response, expected.deflate);
  if (typeof deflate === "string") return fail(deflate);
  const subprotocols = valuesOf(response, "sec-websocket-protocol");
  // RFC 6455 §11.3.4: the header MUST NOT appear more than once in a response.
  if (subprotocols.length > 1) return fail("subprotocol-repeated");
  const subprotocol = subprotocols[0];
  // RFC 6455 §4.1: a client MUST fail the connection for a subprotocol that was not in its handshake.
  if (subprotocol !== undefined && !expected.subprotocols.includes(subprotocol)) return fail("subprotocol-not-offered");
  return { kind: "agreement", subprotocol: subprotocol ?? "", deflate };
}

function fail(fault: ResponseFaultCode): HandshakeFailure {
  return { kind: "failure", fault };
}

/** The values of all headers of this name, given in lower case, without the white space around them. */
function valuesOf({ rawHeaders }: HandshakeResponse, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if ((rawHeaders[i] as string).toLowerCase() === name) values.push(trimWhitespace(rawHeaders[i + 1] as string));
  }
  return values;
}

function checkUpgrade(response: HandshakeResponse): ResponseFaultCode | undefined {
  // RFC 6455 §4.1: any status but 101 is handled as HTTP says; it opens no WebSocket.
  if (response.status !== 101) return "status-not-101";
  if (!(Number(response.httpVersion) >= 1.1)) return "response-version-too-old";
  // RFC 6455 §4.1: without an Upgrade header that is "websocket", without regard to case, the client MUST fail.
  const upgrade = valuesOf(response, "upgrade");
  if (upgrade.length !== 1 || !isSameToken(upgrade[0] as string, "websocket")) return "upgrade-not-websocket";
  // RFC 6455 §4.1: without a Connection header that has the token "Upgrade", without regard to case, the client MUST fail.
  const isUpgrade = valuesOf(response, "connection").some((value) => listHasToken(value, "upgrade"));
  return isUpgrade ? undefined : "response-connection-without-upgrade";
}

function checkAccept(response: HandshakeResponse, expected: string): ResponseFaultCode | undefined {
  const accepts = valuesOf(response, "sec-websocket-accept");
  if (accepts.length === 0) return "accept-missing";
  // RFC 6455 §11.3.3: the header MUST NOT appear more than once in a response.
  if (accepts.length > 1) return "accept-repeated";
  // RFC 6455 §4.1: without a Sec-WebSocket-Accept that answers the key, the client MUST fail.
  return accepts[0] === expected ? undefined : "accept-wrong";
}

function readExtensions(
  response: HandshakeResponse,
  offered: DeflateAgreement | undefined,
): DeflateAgreement | ResponseFaultCode | undefined {
  const values = valuesOf(response, "sec-websocket-extensions");
  // RFC 6455 §11.3.2: the header MUST NOT appear more than once in a response.
  if (values.length > 1) return "extensions-repeated";
  const extensions = parseExtensionOffers(values);
  if (extensions === undefined) return "extensions-unreadable";
  // RFC 6455 §4.1: a client MUST fail the connection for an extension that was not in its handshake.
  const isOffered = offered !== undefined && extensions.every(({ name }) => name === DEFLATE_EXTENSION);
  if (extensions.length > 0 && !isOffered) return "extension-not-offered";
  if (extensions.length > 1) return "extension-agreed-twice";
  return offered === undefined ? undefined : readDeflateAnswer(extensions[0], offered);
}
