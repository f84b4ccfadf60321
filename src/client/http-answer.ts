import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import type { HandshakeResponse } from "../protocol/index.js";

/** How much of a body is kept. */
export const MAX_BODY_BYTES: number = 64 * 1024;

/** A server's HTTP response to an opening handshake. */
export interface HttpAnswer extends HandshakeResponse {
  /** Names in lower case, as `node:http` gives them. */
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
