import { Buffer } from "node:buffer";

/** Where a proxy is, and how it is spoken to. */
export interface ProxyAddress {
  readonly kind: "http" | "socks5";
  /** Whether TLS is spoken to the proxy itself. */
  readonly isSecure: boolean;
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** `"http://proxy.example:3128"`, without credentials: what messages may show. */
  readonly label: string;
  /** What it is to be shown, decoded; a property that no log lists. */
  readonly credentials: ProxyCredentials | undefined;
}

/** A user of a proxy. */
interface ProxyCredentials {
  readonly user: string;
  readonly password: string;
}

type Scheme = Pick<ProxyAddress, "kind" | "isSecure"> & { readonly port: number };

const schemes: Readonly<Record<string, Scheme>> = {
  "http:": { kind: "http", isSecure: false, port: 80 },
  "https:": { kind: "http", isSecure: true, port: 443 },
  "socks:": { kind: "socks5", isSecure: false, port: 1080 },
  "socks5:": { kind: "socks5", isSecure: false, port: 1080 },
  "socks5h:": { kind: "socks5", isSecure: false, port: 1080 },
};

/** RFC 1929 §2: a user name and a password are of 1 to 255 bytes. */
const MAX_SOCKS_BYTES = 255;

/**
 * Reads the URL of a proxy.
 *
 * @param source who gave it, for the message: `"option proxy"`
 * @throws TypeError that says what is wrong with it and shows nothing of it but its scheme: it may hold secrets.
 */
export function readProxy(given: unknown, source: string): ProxyAddress {
  const wrong = (what: string): TypeError =>
    new TypeError(`${source} ${what}; it looks like http://proxy.example:3128 or socks5://proxy.example:1080`);
  // The error of `new URL` carries the text, and with it a password.
  if (!(given instanceof URL) && (typeof given !== "string" || !URL.canParse(given))) throw wrong("is not a URL");
  const url = new URL(given);
  const scheme = Object.hasOwn(schemes, url.protocol) ? schemes[url.protocol] : undefined;
  if (scheme === undefined) throw wrong(`has the scheme "${url.protocol}", which is none of http, https and socks5`);
  if (url.hostname === "") throw wrong("names no host");
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") {
    throw wrong("has something behind the port, which means nothing to a proxy");
  }
  const port = url.port === "" ? scheme.port : Number(url.port);
  const address = {
    kind: scheme.kind,
    isSecure: scheme.isSecure,
    host: url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname,
    port,
    label: `${url.protocol}//${url.hostname}:${port}`,
  };
  const credentials = credentialsOf(url, scheme.kind, wrong);
  // Not enumerable: what shows an address, shows no password.
  return Object.defineProperty(address, "credentials", { value: credentials }) as ProxyAddress;
}

function credentialsOf(
  { username, password }: URL,
  kind: ProxyAddress["kind"],
  wrong: (what: string) => TypeError,
): ProxyCredentials | undefined {
  if (username === "" && password === "") return undefined;
  const read = { user: decode(username, wrong), password: decode(password, wrong) };
  if (kind === "http") {
    // RFC 7617 §2: a user-id that contains a colon is invalid.
    if (read.user.includes(":")) throw wrong("has a user name with a colon, which basic authentication cannot carry");
    return read;
  }
  for (const text of [read.user, read.password]) {
    if (text === "" || Buffer.byteLength(text) > MAX_SOCKS_BYTES) {
      throw wrong("has a user name or a password that is not of 1 to 255 bytes, as SOCKS5 wants it (RFC 1929)");
    }
  }
  return read;
}

function decode(text: string, wrong: (what: string) => TypeError): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong("has credentials that are not percent-encoded UTF-8");
  }
}
