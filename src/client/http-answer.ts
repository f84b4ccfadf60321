import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import type { HandshakeResponse } from "../protocol/index.js";

/** A server's HTTP response to an opening handshake. */
export interface HttpAnswer extends HandshakeResponse {
  /** Names in lower case, as `node:http` gives them; over HTTP/2 without pseudo-headers. */
  readonly headers: IncomingHttpHeaders;
  /** The first 64 KiB of the body at most; `body.toString()` is its text. */
  readonly body: Buffer;
  /** Whether `body` is all of it. */
  readonly isBodyComplete: boolean;
}

const NOTHING = Buffer.alloc(0);

/** The answer that Node has reported, with what was read of its body. */
export function answerOf(response: IncomingMessage, body: Buffer = NOTHING, isBodyComplete = true): HttpAnswer {
  const { statusCode, httpVersion, headers, rawHeaders } = response;
  return { status: statusCode as number, httpVersion, headers, rawHeaders, body, isBodyComplete };
}

/** The answer that `node:http2` has reported: the same, with the headers as far as Node has kept them apart. */
export function answerOverHttp2(
  { ":status": status, ...headers }: IncomingHttpHeaders & { readonly ":status"?: number },
  body: Buffer = NOTHING,
  isBodyComplete = true,
): HttpAnswer {
  const rawHeaders = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => [name, each]),
  );
  return { status: status as number, httpVersion: "2.0", headers, rawHeaders, body, isBodyComplete };
}
