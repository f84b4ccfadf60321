import { Buffer } from "node:buffer";
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";

import { destroySocket, type TimerWheel, WheelTimer } from "../connection/index.js";
import type { HeaderFields } from "../internal/header-fields.js";
import type { Refusal } from "./refusal.js";

/** How long a refused client may take to read its response before the stream is given up, in milliseconds. */
const LINGER_MS = 2_000;

/** RFC 9113 §8.2.2: an endpoint MUST NOT generate a message with connection-specific header fields. */
const connectionHeaders = ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/** Answers an extended CONNECT with 200, which opens the WebSocket (RFC 8441 §5). `headers` are checked already. */
export function acceptStream(
  stream: ServerHttp2Stream,
  subprotocol: string,
  extensions: string,
  headers: HeaderFields,
): void {
  const answer = streamHeaders(200, headers);
  if (subprotocol !== "") answer["sec-websocket-protocol"] = subprotocol;
  if (extensions !== "") answer["sec-websocket-extensions"] = extensions;
  stream.respond(answer);
}

/**
 * Answers an extended CONNECT with `refusal` and ends the stream; Node resets it behind the answer (RFC 9113 §8.1), so that what the
 * client still sends is dropped.
 *
 * @throws for a refusal made by hand that cannot be sent.
 */
export function refuseOverStream(stream: ServerHttp2Stream, refusal: Refusal, timers: TimerWheel): void {
  const body = Buffer.from(refusal.body);
  // RFC 9110 §15.5.22: a 426 MUST name what to upgrade to, which HTTP/2 cannot.
  const headers = streamHeaders(refusal.status === 426 ? 400 : refusal.status, refusal.headers);
  if (body.length > 0) headers["content-type"] ??= "text/plain; charset=utf-8";
  // RFC 9110 §8.6: in a 304 it would be the length of another response.
  if (refusal.status !== 304) headers["content-length"] = body.length;
  if (stream.destroyed || stream.closed) return;
  const timer = new WheelTimer({ onDue: () => destroySocket(stream) });
  timers.arm(timer, LINGER_MS);
  stream.once("close", () => timers.disarm(timer));
  stream.respond(headers);
  stream.end(body);
}

function streamHeaders(status: number, fields: HeaderFields): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { [constants.HTTP2_HEADER_STATUS]: status };
  for (const [name, value] of Object.entries(fields)) {
    const lowerName = name.toLowerCase();
    if (!connectionHeaders.includes(lowerName)) headers[lowerName] = typeof value === "string" ? value : [...value];
  }
  return headers;
}
