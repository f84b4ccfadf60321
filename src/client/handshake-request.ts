import type { OutgoingHttpHeaders } from "node:http";

import { type DeflateAgreement, formatDeflateOffer, WEBSOCKET_VERSION } from "../protocol/index.js";
import type { ResolvedConnectOptions } from "./connect-options.js";
import type { Hop } from "./hop.js";

/** What differs from one request to the next. */
export interface RequestParts {
  /** What the jar has for this target. */
  readonly cookie: string;
  /** The permessage-deflate to offer. */
  readonly deflate: DeflateAgreement | undefined;
}

/** RFC 9113 §8.2.2: an endpoint MUST NOT generate a message with connection-specific header fields. Of these the caller may give. */
const connectionHeaders = ["proxy-connection", "http2-settings"];

/**
 * The headers of the opening handshake, RFC 6455 §4.1.
 *
 * @param key the nonce, in base64
 */
export function upgradeHeaders(
  hop: Hop,
  key: string,
  parts: RequestParts,
  options: ResolvedConnectOptions,
): OutgoingHttpHeaders {
  const own = {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": WEBSOCKET_VERSION,
    "Sec-WebSocket-Key": key,
  };
  return withWishes(own, hop, parts, options);
}

/** The headers of an opening handshake over HTTP/2, RFC 8441 §5: the same without key, Upgrade and Connection. */
export function connectHeaders(hop: Hop, parts: RequestParts, options: ResolvedConnectOptions): OutgoingHttpHeaders {
  const fields = Object.entries(withWishes({ "Sec-WebSocket-Version": WEBSOCKET_VERSION }, hop, parts, options)).map(
    ([name, value]) => [name.toLowerCase(), value],
  );
  const { host, ...rest } = Object.fromEntries(fields) as OutgoingHttpHeaders;
  for (const name of connectionHeaders) delete rest[name];
  return {
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": hop.target.isSecure ? "https" : "http",
    ":authority": host,
    ":path": hop.target.path,
    ...rest,
  };
}

/** `own`, and what is asked for whichever version of HTTP carries it. */
function withWishes(
  own: OutgoingHttpHeaders,
  { target, headers }: Hop,
  { cookie, deflate }: RequestParts,
  { subprotocols, origin }: ResolvedConnectOptions,
): OutgoingHttpHeaders {
  const wishes: OutgoingHttpHeaders = { Host: target.authority, ...own };
  if (subprotocols.length > 0) wishes["Sec-WebSocket-Protocol"] = subprotocols.join(", ");
  if (deflate !== undefined) wishes["Sec-WebSocket-Extensions"] = formatDeflateOffer(deflate);
  if (origin !== undefined) wishes["Origin"] = origin;
  for (const [name, value] of Object.entries(headers)) {
    const known = Object.keys(wishes).find((each) => each.toLowerCase() === name.toLowerCase());
    wishes[known ?? name] = typeof value === "string" ? value : [...value];
  }
  return cookie === "" ? wishes : withCookie(wishes, cookie);
}

/** RFC 6265 §5.4: one Cookie header at most, so that of the caller and those of the jar are joined. */
function withCookie(headers: OutgoingHttpHeaders, cookie: string): OutgoingHttpHeaders {
  const name = Object.keys(headers).find((each) => each.toLowerCase() === "cookie") ?? "Cookie";
  const given = [headers[name] ?? []].flat();
  return { ...headers, [name]: [...given, cookie].join("; ") };
}
