import type { ExtensionOffer } from "./extension-offer.js";
import type { HandshakeFaultCode } from "./handshake-fault.js";
import { type GatheredHeaders, gatherHeaders, noHeaders, readWishes } from "./handshake-headers.js";
import { listHasToken } from "./token-list.js";

/** The GUID that RFC 6455 §1.3 appends to a key before hashing it. */
export const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The one version of the protocol that this library speaks, RFC 6455 §4.1 (9). */
export const WEBSOCKET_VERSION = "13";

/** A client's opening handshake as it came. */
export interface HandshakeRequest {
  /** The method, as in `"GET"`. */
  readonly method: string;
  /** `"1.1"`, as `node:http` gives it. */
  readonly httpVersion: string;
  /** Names and values in turn, in the order and the case received, repetitions kept. */
  readonly rawHeaders: readonly string[];
}

/** What a valid handshake asks for. */
export interface HandshakeOffer {
  /** Tells it from a refusal. */
  readonly kind: "offer";
  /** Sec-WebSocket-Key, as it came. */
  readonly key: string;
  /** The Host header, as it came. */
  readonly host: string;
  /** The Origin header, which browsers send. */
  readonly origin: string | undefined;
  /** In the client's order of preference; empty when it asks for none. */
  readonly subprotocols: readonly string[];
  /** The extensions that the client offers, in its order of preference. */
  readonly extensions: readonly ExtensionOffer[];
}

/** A handshake that may not be accepted, and why. */
export interface HandshakeRefusal {
  /** Tells it from an offer. */
  readonly kind: "refusal";
  /** What is wrong with the request. */
  readonly fault: HandshakeFaultCode;
}

const NONE = noHeaders([
  "host",
  "origin",
  "upgrade",
  "connection",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
  "content-length",
  "transfer-encoding",
]);

type HandshakeHeaders = GatheredHeaders<keyof typeof NONE>;

/** Reads a client's opening handshake by every rule of RFC 6455 §4.2.1. Pure, and linear in the size of the headers. */
export function readHandshake(request: HandshakeRequest): HandshakeOffer | HandshakeRefusal {
  const headers = gatherHeaders(request.rawHeaders, NONE);
  const fault = checkRequest(request, headers) ?? checkKey(headers["sec-websocket-key"]);
  if (fault !== undefined) return refuse(fault);
  const wishes = readWishes(headers);
  if (typeof wishes === "string") return refuse(wishes);
  return {
    kind: "offer",
    key: headers["sec-websocket-key"][0] as string,
    host: headers.host[0] as string,
    origin: headers.origin[0],
    subprotocols: wishes.subprotocols,
    extensions: wishes.extensions,
  };
}

function refuse(fault: HandshakeFaultCode): HandshakeRefusal {
  return { kind: "refusal", fault };
}

function checkRequest(request: HandshakeRequest, headers: HandshakeHeaders): HandshakeFaultCode | undefined {
  // RFC 6455 §4.2.1 (1): an HTTP/1.1 or higher GET request.
  if (request.method !== "GET") return "method-not-get";
  if (!isHttp11OrHigher(request.httpVersion)) return "http-version-too-old";
  if (hasBody(headers)) return "request-has-body";
  // RFC 6455 §4.2.1 (2): a Host header with the server's authority.
  if (headers.host.length === 0 || headers.host[0] === "") return "host-missing";
  if (headers.host.length > 1) return "host-repeated";
  // RFC 6455 §4.2.1 (3): an Upgrade header containing "websocket", without regard to case.
  if (!headers.upgrade.some((value) => listHasToken(value, "websocket"))) return "upgrade-missing";
  // RFC 6455 §4.2.1 (4): a Connection header that includes the token "Upgrade", without regard to case.
  if (!headers.connection.some((value) => listHasToken(value, "upgrade"))) return "connection-without-upgrade";
  // RFC 6455 §4.2.1 (6): a Sec-WebSocket-Version header with the value 13; RFC 6455 §11.3.5: MUST NOT appear more than once.
  if (headers["sec-websocket-version"].length > 1) return "version-repeated";
  if (headers["sec-websocket-version"][0] !== WEBSOCKET_VERSION) return "version-unsupported";
  if (headers.origin.length > 1) return "origin-repeated";
  return undefined;
}

function isHttp11OrHigher(version: string): boolean {
  return Number(version) >= 1.1;
}

/** A body, read by one party as frames and by another as a request, is how requests are smuggled. */
function hasBody(headers: HandshakeHeaders): boolean {
  return headers["transfer-encoding"].length > 0 || headers["content-length"].some((value) => value !== "0");
}

function checkKey(keys: readonly string[]): HandshakeFaultCode | undefined {
  const key = keys[0];
  // RFC 6455 §4.2.1 (5): a Sec-WebSocket-Key header that, decoded, is 16 bytes long.
  if (key === undefined) return "key-missing";
  // RFC 6455 §11.3.1: the header MUST NOT appear more than once.
  if (keys.length > 1) return "key-repeated";
  return isBase64Of16Bytes(key) ? undefined : "key-invalid";
}

/** 16 bytes are 22 characters of base64 and two of padding. */
function isBase64Of16Bytes(text: string): boolean {
  if (text.length !== 24 || !text.endsWith("==")) return false;
  for (let i = 0; i < 22; i++) {
    if (!isBase64Character(text.charCodeAt(i))) return false;
  }
  return true;
}

function isBase64Character(code: number): boolean {
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  const isDigit = code >= 0x30 && code <= 0x39;
  return isLetter || isDigit || code === 0x2b || code === 0x2f;
}
