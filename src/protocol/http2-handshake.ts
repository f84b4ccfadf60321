import type { HandshakeFaultCode } from "./handshake-fault.js";
import { type GatheredHeaders, gatherHeaders, noHeaders, readWishes } from "./handshake-headers.js";
import type { Http2HandshakeFaultCode } from "./http2-handshake-fault.js";
import { type HandshakeOffer, WEBSOCKET_VERSION } from "./opening-handshake.js";

/** What a valid handshake over HTTP/2 asks for: the same as over HTTP/1.1, but for the key, which it does without. */
export interface Http2HandshakeOffer extends Omit<HandshakeOffer, "key"> {
  /** The request target: `"/echo?room=1"`. */
  readonly path: string;
}

/** A handshake over HTTP/2 that may not be accepted, and why. */
export interface Http2HandshakeRefusal {
  /** Tells it from an offer. */
  readonly kind: "refusal";
  /** What is wrong with the request. */
  readonly fault: Http2FaultCode;
}

type Http2FaultCode = HandshakeFaultCode | Http2HandshakeFaultCode;

const NONE = noHeaders([
  ":method",
  ":protocol",
  ":scheme",
  ":authority",
  ":path",
  "host",
  "origin",
  "content-length",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
]);

type Http2Headers = GatheredHeaders<keyof typeof NONE>;

/**
 * Reads a client's opening handshake over HTTP/2, an extended CONNECT, by the rules of RFC 8441 §4 and §5. Pure, and linear in the
 * size of the headers. What is wrong with the frames and pseudo-headers themselves, the HTTP/2 layer has refused before.
 *
 * @param rawHeaders names and values in turn, pseudo-headers among them
 */
export function readHttp2Handshake(rawHeaders: readonly string[]): Http2HandshakeOffer | Http2HandshakeRefusal {
  const headers = gatherHeaders(rawHeaders, NONE);
  const fault = checkTarget(headers) ?? checkHeaders(headers);
  if (fault !== undefined) return refuse(fault);
  const wishes = readWishes(headers);
  if (typeof wishes === "string") return refuse(wishes);
  return {
    kind: "offer",
    path: headers[":path"][0] as string,
    host: authorityOf(headers) as string,
    origin: headers.origin[0],
    ...wishes,
  };
}

function refuse(fault: Http2FaultCode): Http2HandshakeRefusal {
  return { kind: "refusal", fault };
}

function checkTarget(headers: Http2Headers): Http2FaultCode | undefined {
  if (headers[":method"][0] !== "CONNECT") return "method-not-connect";
  // RFC 8441 §5: the :protocol pseudo-header MUST be "websocket".
  if (headers[":protocol"][0] !== "websocket") return "protocol-not-websocket";
  // RFC 8441 §4: with :protocol, the :scheme and :path pseudo-headers MUST be included.
  if (isMissing(headers[":scheme"]) || isMissing(headers[":path"])) return "target-missing";
  if (headers.host.length > 1) return "host-repeated";
  const authority = authorityOf(headers);
  if (authority === undefined || authority === "") return "host-missing";
  // RFC 9113 §8.3.1: a request whose Host differs from :authority is malformed; policies that look at either must see one.
  const host = headers.host[0] ?? authority;
  return host.toLowerCase() === authority.toLowerCase() ? undefined : "host-differs";
}

function checkHeaders(headers: Http2Headers): HandshakeFaultCode | undefined {
  // What follows are frames; a length would have the HTTP/2 layer count them as a body.
  if (headers["content-length"].some((value) => value !== "0")) return "request-has-body";
  // RFC 6455 §11.3.5: Sec-WebSocket-Version MUST NOT appear more than once; RFC 8441 §5: it means what it means over HTTP/1.1.
  if (headers["sec-websocket-version"].length > 1) return "version-repeated";
  if (headers["sec-websocket-version"][0] !== WEBSOCKET_VERSION) return "version-unsupported";
  return headers.origin.length > 1 ? "origin-repeated" : undefined;
}

function authorityOf(headers: Http2Headers): string | undefined {
  return headers[":authority"][0] ?? headers.host[0];
}

function isMissing(values: readonly string[]): boolean {
  return values[0] === undefined || values[0] === "";
}
