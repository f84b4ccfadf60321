import type { HttpRequest } from "./upgrade-request.js";

/**
 * Which Host headers are answered; others get 421. A page whose name is re-bound to this machine's address (DNS rebinding)
 * passes any check of its origin, but it names itself here. `serve` holds all requests to it, since such a page can read
 * plain answers as well; an `Upgrader` has only upgrades to hold.
 *
 * - `"any"` (default): right behind a proxy, and where every name of the machine is good.
 * - a list of host names, without port: `["example.com", "localhost"]`.
 * - a function over the host name, without port and in lower case.
 */
export type HostPolicy =
  | "any"
  | readonly string[]
  | ((hostname: string, request: HttpRequest) => boolean | Promise<boolean>);

/** Whether a request for this host name may connect. */
export type HostCheck = (hostname: string, request: HttpRequest) => boolean | Promise<boolean>;

/** @throws TypeError for what is none of the three; RangeError for a list entry that is not a host name. */
export function resolveHostPolicy(policy: HostPolicy | undefined): HostCheck {
  if (policy === undefined || policy === "any") return () => true;
  if (typeof policy === "function") return policy;
  if (!Array.isArray(policy)) throw new TypeError('option checkHost takes "any", a list of host names or a function');
  const names = new Set((policy as readonly unknown[]).map(checkName));
  return (hostname) => names.has(hostname);
}

function checkName(entry: unknown): string {
  if (typeof entry === "string" && /^(?:[^[\]:/]+|\[[^\]]+\])$/.test(entry)) return entry.toLowerCase();
  const got = JSON.stringify(entry);
  throw new RangeError(
    `option checkHost got ${got} in its list; entries are host names without port, like "example.com" or "[::1]"`,
  );
}

/** The name in a Host header, without port and in lower case; an IPv6 address keeps its brackets. */
export function hostnameOf(host: string): string {
  const end = host.startsWith("[") ? host.indexOf("]") + 1 : host.indexOf(":");
  return (end > 0 ? host.slice(0, end) : host).toLowerCase();
}
