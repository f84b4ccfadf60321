import type { UpgradeRequest } from "./upgrade-request.js";

/**
 * Which pages may connect. Browsers let any page open a WebSocket anywhere, with the user's cookies, and leave the check to
 * the server; clients that are not browsers send no Origin and are not asked.
 *
 * - `"same-host"` (default): the origin's host and port are those of the Host header, and a page that came without TLS does
 *   not connect where a client speaks TLS: whoever sits in between could have written it.
 * - a list of origins, `"https://example.com"`, with `"https://*.example.com"` for all its subdomains.
 * - a function.
 * - `"any"`: no check.
 */
export type OriginPolicy =
  | "same-host"
  | "any"
  | readonly string[]
  | ((origin: string, request: UpgradeRequest) => boolean | Promise<boolean>);

/** Whether a request with this origin may connect. */
export type OriginCheck = (origin: string, request: UpgradeRequest) => boolean | Promise<boolean>;

/** @throws TypeError for what is none of the four; RangeError for a list entry that is not an origin. */
export function resolveOriginPolicy(policy: OriginPolicy | undefined): OriginCheck {
  if (policy === undefined || policy === "same-host") return isSameHost;
  if (policy === "any") return () => true;
  if (typeof policy === "function") return policy;
  if (!Array.isArray(policy))
    throw new TypeError('option checkOrigin takes "same-host", "any", a list of origins or a function');
  return allowList(policy);
}

function isSameHost(origin: string, request: UpgradeRequest): boolean {
  const url = parseOrigin(origin);
  if (request.secure && url?.protocol === "http:") return false;
  return url !== undefined && url.host === withoutDefaultPort(request.host.toLowerCase(), url.protocol);
}

/** `URL.host` leaves out the scheme's default port; so does this. */
function withoutDefaultPort(host: string, protocol: string): string {
  const port = protocol === "https:" ? ":443" : ":80";
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}

function allowList(entries: readonly unknown[]): OriginCheck {
  const exact = new Set<string>();
  const suffixes: { readonly protocol: string; readonly suffix: string }[] = [];
  for (const entry of entries) {
    const isWildcard = typeof entry === "string" && entry.includes("://*.");
    const url = typeof entry === "string" ? parseOrigin(isWildcard ? entry.replace("://*.", "://") : entry) : undefined;
    if (url === undefined) {
      const got = JSON.stringify(entry);
      throw new RangeError(`option checkOrigin got ${got} in its list; entries look like "https://example.com"`);
    }
    if (isWildcard) suffixes.push({ protocol: url.protocol, suffix: `.${url.host}` });
    else exact.add(keyOf(url));
  }
  return (origin) => {
    const url = parseOrigin(origin);
    if (url === undefined) return false;
    return exact.has(keyOf(url)) || suffixes.some((s) => url.protocol === s.protocol && url.host.endsWith(s.suffix));
  };
}

/** Scheme and host. `URL.origin` would do for http, but it is `"null"` for every scheme that browsers do not know. */
function keyOf(url: URL): string {
  return `${url.protocol}//${url.host}`;
}

/** The origin as a URL; `undefined` for what is none, `"null"` among it. */
function parseOrigin(origin: string): URL | undefined {
  if (!URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  return url.host === "" ? undefined : url;
}
