import { checkHeaders, type HeaderFields } from "../internal/header-fields.js";
import { describeValue } from "../internal/option-check.js";
import {
  type HandshakeFaultCode,
  handshakeFaults,
  type Http2HandshakeFaultCode,
  http2HandshakeFaults,
} from "../protocol/index.js";

/** Why an upgrade was refused. */
export type RefusalCode =
  | HandshakeFaultCode
  | Http2HandshakeFaultCode
  | "no-such-route"
  | "host-not-allowed"
  | "origin-not-allowed"
  | "too-many-connections"
  | "too-many-connections-from-address"
  | "shutting-down"
  | "handshake-timeout"
  | "handshake-failed"
  /** `authorize` said so. */
  | "not-authorized";

/** What `refuse` takes beside the status. */
export interface RefusalInit {
  /** Sent beside those that the refusal sets itself. */
  readonly headers?: HeaderFields | undefined;
  /** Sent as it is, `text/plain; charset=utf-8` unless `headers` has a Content-Type. */
  readonly body?: string | Uint8Array | undefined;
}

/** The HTTP response that a client gets instead of a WebSocket. */
export class Refusal {
  /** Why; `"not-authorized"` for those of `authorize`. */
  readonly code: RefusalCode;
  /** The status of the response. */
  readonly status: number;
  /** Headers of the response. */
  readonly headers: HeaderFields;
  /** The body of the response. */
  readonly body: string | Uint8Array;

  constructor(code: RefusalCode, status: number, headers: HeaderFields, body: string | Uint8Array) {
    this.code = code;
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/**
 * What `authorize` returns to refuse a client: it gets this status, these headers and this body.
 *
 * @param status 300 to 599.
 * @throws RangeError for another status; TypeError for a header that HTTP does not allow or that the refusal sets itself, for
 * a body that is neither text nor bytes, and for one with 304, which has none.
 */
export function refuse(status: number, init: RefusalInit = {}): Refusal {
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    throw new RangeError(`refuse got status ${status}; it takes an integer from 300 to 599`);
  }
  const headers = init.headers ?? {};
  checkHeaders("refuse", headers, ["connection", "content-length", "transfer-encoding", "upgrade"]);
  const { body = "" } = init;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new TypeError(`refuse got ${describeValue(body)} as its body; it takes a string or a Uint8Array`);
  }
  // RFC 9110 §15.4.5: a 304 ends with its head; what followed would be taken for the next response.
  if (status === 304 && body.length > 0) throw new TypeError("refuse got a body with status 304, which has none");
  return new Refusal("not-authorized", status, headers, body);
}

const statuses: Readonly<
  Record<
    Exclude<RefusalCode, HandshakeFaultCode | Http2HandshakeFaultCode | "not-authorized">,
    readonly [number, string]
  >
> = {
  "no-such-route": [404, "There is no WebSocket at this path."],
  "host-not-allowed": [421, "This server does not answer for the host named in the Host header."],
  "origin-not-allowed": [403, "Pages from this origin may not connect."],
  "too-many-connections": [503, "The server has as many connections as it takes."],
  "too-many-connections-from-address": [429, "This address has as many connections as one address may have."],
  "shutting-down": [503, "The server is shutting down."],
  "handshake-timeout": [408, "The handshake took too long."],
  "handshake-failed": [500, "The server could not complete the handshake."],
};

/** The refusal that `code` stands for, with its status and a body that says why. */
export function refusalOf(code: Exclude<RefusalCode, "not-authorized">): Refusal {
  if (code in handshakeFaults) {
    const { status, section, explanation } = handshakeFaults[code as HandshakeFaultCode];
    return new Refusal(code, status, headersFor(code), `${explanation} (RFC 6455 §${section})\n`);
  }
  if (code in http2HandshakeFaults) {
    const { status, rfc, section, explanation } = http2HandshakeFaults[code as Http2HandshakeFaultCode];
    return new Refusal(code, status, headersFor(code), `${explanation} (RFC ${rfc} §${section})\n`);
  }
  const [status, explanation] = statuses[code as keyof typeof statuses];
  return new Refusal(code, status, headersFor(code), `${explanation}\n`);
}

const upgradeHeaders: HeaderFields = { Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
const laterHeaders: HeaderFields = { "Retry-After": "1" };

const extraHeaders: Partial<Record<RefusalCode, HeaderFields>> = {
  "method-not-get": { Allow: "GET" },
  "method-not-connect": { Allow: "CONNECT" },
  // RFC 6455 §4.4: the response to another version MUST name those that are supported.
  "version-unsupported": upgradeHeaders,
  "upgrade-missing": upgradeHeaders,
  "too-many-connections": laterHeaders,
  "too-many-connections-from-address": laterHeaders,
  "shutting-down": laterHeaders,
};

function headersFor(code: RefusalCode): HeaderFields {
  return extraHeaders[code] ?? {};
}
