import { Buffer } from "node:buffer";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

import type { HeaderFields, Refusal } from "./refusal.js";

/** How long a refused client may take to read its response before the socket is destroyed, in milliseconds. */
const LINGER_MS = 2_000;

/** The head of the response that opens a WebSocket, RFC 6455 §4.2.2 (5). `headers` are checked already. */
export function acceptHead(accept: string, subprotocol: string, headers: HeaderFields): string {
  let head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
  if (subprotocol !== "") head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  return `${head}${headerLines(headers)}\r\n`;
}

/**
 * Answers with `refusal` and ends the socket. What the client still sends is read and dropped, never parsed as another
 * request (a refused upgrade is how requests are smuggled), and so that the response is not lost to a reset.
 */
export function sendRefusal(socket: Duplex, refusal: Refusal): void {
  const body = Buffer.from(refusal.body);
  const named = Object.keys(refusal.headers).map((name) => name.toLowerCase());
  const type = named.includes("content-type") || body.length === 0 ? "" : "Content-Type: text/plain; charset=utf-8\r\n";
  const upgrade = named.includes("upgrade") ? "close, Upgrade" : "close";
  const head =
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}\r\n` +
    `Connection: ${upgrade}\r\nContent-Length: ${body.length}\r\n${type}${headerLines(refusal.headers)}\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, "latin1"), body]));
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}

function headerLines(headers: HeaderFields): string {
  let lines = "";
  for (const [name, value] of Object.entries(headers)) {
    for (const item of typeof value === "string" ? [value] : value) lines += `${name}: ${item}\r\n`;
  }
  return lines;
}
