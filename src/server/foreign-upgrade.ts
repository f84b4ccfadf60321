import { Buffer } from "node:buffer";
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

import { isFieldValue } from "../internal/http-token.js";
import { listHasToken } from "../protocol/index.js";
import { afterEarlierResponses } from "./earlier-response.js";

/**
 * Whether an upgrade request offers WebSocket. Others offer what we do not speak, as `curl --http2` and Java's HttpClient do
 * with `h2c`. RFC 9110 §7.8: a server may ignore the Upgrade header, and then answers in the protocol at hand.
 */
export function offersWebSocket(request: IncomingMessage): boolean {
  return listHasToken(request.headers.upgrade ?? "", "websocket");
}

/**
 * Lets the answer to a request that still has its offer be the last on its connection: a Node that was told to decline it
 * (seen in 24 and 26) loses what came behind the request in the same packet. The client sends that again elsewhere, as RFC
 * 9112 §9.3.2 has it.
 */
export function closeAfterOffer(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
}

/** Node leaves out headers beyond 1,000, and with one that frames the body the body would be taken for another request. */
const MAX_HEADERS = 500;

/**
 * Gives a request back to `http`, to be answered as if it had offered no upgrade. For a Node without `shouldUpgradeCallback`,
 * which calls every offer an upgrade and stops parsing behind its head.
 *
 * The request is parsed anew from its own head without the offer. The headers that frame the body stay as they came, so the
 * parser finds its end, and the next request, where it would have without the offer: there is nothing to smuggle past it.
 */
export function answerWithoutUpgrade(
  http: HttpServer | HttpsServer,
  request: IncomingMessage,
  socket: Duplex,
  rest: Buffer,
): void {
  const head = headWithoutOffer(request);
  socket.on("error", ignore);
  afterEarlierResponses(request, socket, () => {
    if (head === undefined) socket.destroy();
    if (socket.destroyed) return;
    socket.unshift(Buffer.concat([head as Buffer, rest]));
    // Documented of node:http: emitting this gives any stream to the server.
    http.emit(socket instanceof TLSSocket ? "secureConnection" : "connection", socket);
  });
}

/** The head as it came but for the offer; undefined where it would not be parsed as it was. */
function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer | undefined {
  if (rawHeaders.length > 2 * MAX_HEADERS) return undefined;
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    if (!isFieldValue(value)) return undefined;
    const kept = name.toLowerCase() === "connection" ? withoutUpgrade(value) : value;
    if (name.toLowerCase() !== "upgrade") head += `${name}: ${kept}\r\n`;
  }
  return Buffer.from(`${head}\r\n`, "latin1");
}

/** RFC 9110 §7.6.1: options are compared without regard to case. What is not `upgrade`, as `close`, still holds. */
function withoutUpgrade(connection: string): string {
  return connection
    .split(",")
    .filter((option) => option.trim().toLowerCase() !== "upgrade")
    .join(",");
}

function ignore(): void {}
