import { Buffer } from "node:buffer";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

import { type TimerWheel, WheelTimer } from "../connection/index.js";
import type { HeaderFields } from "../internal/header-fields.js";
import { afterEarlierResponses } from "./earlier-response.js";
import type { Refusal } from "./refusal.js";

/** How long a refused client may take to read its response before the socket is destroyed, in milliseconds. */
export const LINGER_MS = 2_000;

/** The head of the response that opens a WebSocket, RFC 6455 §4.2.2 (5). `headers` are checked already. */
export function acceptHead(accept: string, subprotocol: string, extensions: string, headers: HeaderFields): string {
  let head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
  if (subprotocol !== "") head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  if (extensions !== "") head += `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  return `${head}${headerLines(headers)}\r\n`;
}

/**
 * Answers `request` with `refusal` and ends the socket. What the client still sends is read and dropped, never parsed as
 * another request (a refused upgrade is how requests are smuggled), and so that the response is not lost to a reset. Behind an
 * earlier request that is not answered yet it waits for its turn.
 *
 * @throws for a refusal made by hand that cannot be sent; then nothing is written.
 */
export function sendRefusal(request: IncomingMessage, socket: Duplex, refusal: Refusal, timers: TimerWheel): void {
  const response = refusalBytes(refusal, request.method === "HEAD");
  if (socket.destroyed) return;
  const timer = new WheelTimer({ onDue: () => void socket.destroy() });
  timers.arm(timer, LINGER_MS);
  socket.once("close", () => timers.disarm(timer));
  socket.resume();
  afterEarlierResponses(request, socket, () => {
    if (socket.writable) socket.end(response);
  });
}

/**
 * The response that tells `refusal`.
 *
 * @throws for one made by hand that cannot be sent.
 */
export function refusalBytes(refusal: Refusal, isHead: boolean): Buffer {
  const body = Buffer.from(refusal.body);
  const named = Object.keys(refusal.headers).map((name) => name.toLowerCase());
  const type = named.includes("content-type") || body.length === 0 ? "" : "Content-Type: text/plain; charset=utf-8\r\n";
  // RFC 9110 §8.6: in a 304 it would be the length of another response.
  const length = refusal.status === 304 ? "" : `Content-Length: ${body.length}\r\n`;
  const upgrade = named.includes("upgrade") ? "close, Upgrade" : "close";
  const head =
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}\r\n` +
    `Connection: ${upgrade}\r\n${length}${type}${headerLines(refusal.headers)}\r\n`;
  // RFC 9110 §9.3.2: the server MUST NOT send content in the response to HEAD; §15.4.5: a 304 has none either.
  const hasContent = !isHead && refusal.status !== 304;
  return Buffer.concat([Buffer.from(head, "latin1"), ...(hasContent ? [body] : [])]);
}

function headerLines(headers: HeaderFields): string {
  let lines = "";
  for (const [name, value] of Object.entries(headers)) {
    for (const item of typeof value === "string" ? [value] : value) lines += `${name}: ${item}\r\n`;
  }
  return lines;
}
