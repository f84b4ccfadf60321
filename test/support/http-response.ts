import type { Parsed } from "./raw-socket.js";

/** An HTTP/1.1 response as a client reads it. Header names are in lower case; those repeated are joined by commas. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads one whole response at the front of `bytes`: its head, and as much body as Content-Length says. */
export function parseHttpResponse(bytes: Buffer): Parsed<HttpResponse> | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const match = /^HTTP\/1\.1 (\d{3}) /.exec(statusLine);
  if (match === null) throw new Error(`not a status line: ${statusLine}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(": ");
    if (colon === -1) throw new Error(`not a header: ${line}`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 2);
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const size = headEnd + 4 + Number(headers["content-length"] ?? 0);
  if (bytes.length < size) return undefined;
  return { value: { status: Number(match[1]), headers, body: bytes.toString("utf8", headEnd + 4, size) }, size };
}
