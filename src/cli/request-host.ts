import type { IncomingHttpHeaders } from "node:http2";

/** The host that a request is for: over HTTP/2 its `:authority`, which stands for the Host header (RFC 9113 §8.3.1). */
export function hostOf(headers: IncomingHttpHeaders): string {
  return headers[":authority"] ?? headers.host ?? "";
}
