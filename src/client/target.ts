/** Where a WebSocket is, as its URL says. */
export interface Target {
  /** In the ws form, without credentials. */
  readonly url: string;
  /** The same without the query, which may hold a token: what messages may show. */
  readonly label: string;
  readonly isSecure: boolean;
  /** What to connect to: a name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The Unix socket to connect to instead, if it is one. */
  readonly socketPath: string | undefined;
  /** The Host header: `"example.com:8080"`. */
  readonly authority: string;
  /** The request target: `"/echo?room=1"`. */
  readonly path: string;
  /** Scheme, host and port, to tell one server from another. */
  readonly origin: string;
}

/** A target, and the Authorization header that its URL asks for. */
export interface ReadTarget {
  readonly target: Target;
  readonly authorization: string | undefined;
}

/** The ws form of the schemes that are taken. */
const schemes: Readonly<Record<string, string>> = {
  "ws:": "ws:",
  "wss:": "wss:",
  "http:": "ws:",
  "https:": "wss:",
  "ws+unix:": "ws+unix:",
};

/**
 * Reads the URL of a WebSocket.
 *
 * @throws TypeError with the code `ERR_INVALID_URL` that says what is wrong with it and shows nothing of it but its scheme: it may hold secrets.
 */
export function readTarget(given: string | URL): ReadTarget {
  const url = parse(given);
  const scheme = schemes[url.protocol];
  if (scheme === undefined) throw wrong(`has the scheme "${url.protocol}"; it takes ws, wss, http, https or ws+unix`);
  // RFC 6455 §3: fragment identifiers MUST NOT be used on these URIs.
  if (url.href.includes("#")) throw wrong("has a fragment; leave it out, or write # as %23 (RFC 6455 §3)");
  const authorization = authorizationOf(url);
  url.username = "";
  url.password = "";
  return { target: scheme === "ws+unix:" ? unixTarget(url) : networkTarget(url, scheme), authorization };
}

function parse(given: unknown): URL {
  if (typeof given !== "string" && !(given instanceof URL)) throw wrong("is neither a string nor a URL");
  // The error of `new URL` carries the text, and with it a password: it is no `cause`.
  if (!URL.canParse(String(given))) throw wrong("cannot be parsed; it looks like wss://example.com/path");
  return new URL(String(given));
}

function networkTarget(url: URL, scheme: string): Target {
  const isSecure = scheme === "wss:";
  const { host, hostname, pathname, search } = url;
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  return {
    url: `${scheme}//${host}${pathname}${search}`,
    label: `${scheme}//${host}${pathname}`,
    isSecure,
    host: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    port,
    socketPath: undefined,
    authority: host,
    path: pathname + search,
    origin: `${scheme}//${hostname}:${port}`,
  };
}

/** `ws+unix:/path/to.sock:/request/path`, as `ws` has it. A colon in the socket's own path is written as %3A. */
function unixTarget(url: URL): Target {
  if (url.host !== "") throw wrong("names a host before the socket's path; write ws+unix:/path/to.sock:/request/path");
  const colon = url.pathname.indexOf(":");
  const file = colon === -1 ? url.pathname : url.pathname.slice(0, colon);
  const path = colon === -1 ? "/" : url.pathname.slice(colon + 1) || "/";
  if (file === "") throw wrong("names no socket; write ws+unix:/path/to.sock:/request/path");
  if (!path.startsWith("/")) throw wrong("has a request path without / in front; write ws+unix:/path/to.sock:/request");
  return {
    url: `ws+unix:${file}:${path}${url.search}`,
    label: `ws+unix:${file}:${path}`,
    isSecure: false,
    host: "localhost",
    port: 80,
    socketPath: decode(file, "socket path"),
    authority: "localhost",
    path: path + url.search,
    origin: `ws+unix:${file}`,
  };
}

/** RFC 7617 §2: the user's name, a colon and the password, in UTF-8 and base64. */
function authorizationOf(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const user = decode(url.username, "user name");
  // RFC 7617 §2: a user-id that contains a colon is invalid.
  if (user.includes(":")) throw wrong("has a user name with a colon, which basic authentication cannot carry");
  return `Basic ${Buffer.from(`${user}:${decode(url.password, "password")}`).toString("base64")}`;
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`has a ${what} that is not percent-encoded UTF-8`);
  }
}

/** With the code that Node's `URL` has for it: a reconnecting client knows by it that trying again would not help. */
function wrong(what: string): TypeError {
  return Object.assign(new TypeError(`url ${what}`), { code: "ERR_INVALID_URL" });
}
