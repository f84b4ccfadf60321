import type { OutgoingHttpHeaders } from "node:http";

import { type DeflateAgreement, formatDeflateOffer, WEBSOCKET_VERSION } from "../protocol/index.js";
import type { ResolvedConnectOptions } from "./connect-options.js";
import type { Hop } from "./hop.js";

/** What differs from one request to the next. */
export interface RequestParts {
  /** The nonce, in base64. */
  readonly key: string;
  /** What the jar has for this target. */
  readonly cookie: string;
  /** The permessage-deflate to offer. */
  readonly deflate: DeflateAgreement | undefined;
}

/** The headers of the opening handshake, RFC 6455 §4.1. */
export function handshakeHeaders(
  { target, headers }: Hop,
  { key, cookie, deflate }: RequestParts,
  { subprotocols, origin }: ResolvedConnectOptions,
): OutgoingHttpHeaders {
  const own: OutgoingHttpHeaders = {
    Host: target.authority,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": WEBSOCKET_VERSION,
    "Sec-WebSocket-Key": key,
  };
  if (subprotocols.length > 0) own["Sec-WebSocket-Protocol"] = subprotocols.join(", ");
  if (deflate !== undefined) own["Sec-WebSocket-Extensions"] = formatDeflateOffer(deflate);
  if (origin !== undefined) own["Origin"] = origin;
  for (const [name, value] of Object.entries(headers)) {
    const known = Object.keys(own).find((each) => each.toLowerCase() === name.toLowerCase());
    own[known ?? name] = typeof value === "string" ? value : [...value];
  }
  return cookie === "" ? own : withCookie(own, cookie);
}

/** RFC 6265 §5.4: one Cookie header at most, so that of the caller and those of the jar are joined. */
function withCookie(headers: OutgoingHttpHeaders, cookie: string): OutgoingHttpHeaders {
  const name = Object.keys(headers).find((each) => each.toLowerCase() === "cookie") ?? "Cookie";
  const given = [headers[name] ?? []].flat();
  return { ...headers, [name]: [...given, cookie].join("; ") };
}
