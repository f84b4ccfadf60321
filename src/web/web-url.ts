import { stringOf } from "./web-string.js";

const schemes: Readonly<Record<string, string>> = { "http:": "ws:", "https:": "wss:" };
const taken: readonly string[] = ["ws:", "wss:", "ws+unix:"];

/**
 * The URL of a WebSocket, as the classes of the web read it: `http` and `https` stand for `ws` and `wss`.
 *
 * @throws DOMException `SyntaxError` for what is no absolute URL, has another scheme or a fragment. The message shows nothing of it
 * but its scheme: it may hold secrets.
 */
export function readWebUrl(given: unknown): URL {
  // WebIDL: a USVString. A symbol throws a TypeError.
  const text = stringOf(given);
  if (!URL.canParse(text)) throw syntaxError("the URL cannot be parsed; it looks like wss://example.com/path");
  const url = new URL(text);
  url.protocol = schemes[url.protocol] ?? url.protocol;
  if (!taken.includes(url.protocol)) {
    throw syntaxError(`the URL has the scheme "${url.protocol}"; it takes ws, wss, http, https or ws+unix`);
  }
  // RFC 6455 §3: fragment identifiers MUST NOT be used on these URIs. An empty one is one.
  if (url.href.includes("#")) throw syntaxError("the URL has a fragment; leave it out, or write # as %23");
  return url;
}

/** A `SyntaxError` as the web throws it: a DOMException. */
export function syntaxError(message: string): DOMException {
  return new DOMException(message, "SyntaxError");
}
