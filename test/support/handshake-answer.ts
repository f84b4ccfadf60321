import { createHash } from "node:crypto";
import type { Parsed } from "./raw-socket.js";

/** An HTTP request as a server reads it. Header names are in lower case; those repeated are joined by commas. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The header names as written, in order. */
  readonly names: readonly string[];
}

/** Reads one request head at the front of `bytes`. */
export function parseRequest(bytes: Buffer): Parsed<ReceivedRequest> | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [requestLine = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const match = /^(\S+) (\S+) HTTP\/(\S+)$/.exec(requestLine);
  if (match === null) throw new Error(`not a request line: ${requestLine}`);
  const fields = lines.map((line) => {
    const colon = line.indexOf(": ");
    if (colon === -1) throw new Error(`not a header: ${line}`);
    return { name: line.slice(0, colon), value: line.slice(colon + 2) };
  });
  const headers: Record<string, string> = {};
  for (const { name, value } of fields) {
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  const [, method = "", target = "", version = ""] = match;
  const names = fields.map(({ name }) => name);
  return { value: { method, target, version, headers, names }, size: headEnd + 4 };
}

/** What a test changes of a correct answer to an opening handshake. */
export interface AnswerChange {
  readonly statusLine?: string;
  /** Replaces headers by name; `undefined` leaves one out, a list repeats it. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The bytes of the 101 that answers `request`, as in RFC 6455 §1.2, with `change` made to it. */
export function switching(request: ReceivedRequest, change: AnswerChange = {}): string {
  const headers: AnswerChange["headers"] = {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": acceptOf(request.headers["sec-websocket-key"] ?? ""),
    ...change.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((each) => `${name}: ${each}`),
  );
  return `${[change.statusLine ?? "HTTP/1.1 101 Switching Protocols", ...lines].join("\r\n")}\r\n\r\n`;
}

/** RFC 6455 §1.3, written from the RFC without any help from what is under test. */
function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
