import { isIP } from "node:net";
import type { UpgradeRequest } from "../server/index.js";

/** Whether a request may name this server as its `Host` header does. */
export type HostCheck = (host: string, request: Pick<UpgradeRequest, "local">) => boolean;

/**
 * Keeps a developer's machine safe from DNS rebinding, by which a hostile page makes its own name point at 127.0.0.1 so that
 * its requests count as same-origin. Such a request carries the hostile name in `Host`; an honest one says localhost or an
 * IP address.
 *
 * @param allowed - Names accepted besides those, on any address. While it is empty, requests that did not come over the
 * loopback interface may carry any name.
 */
export function createHostPolicy(allowed: readonly string[]): HostCheck {
  const names = new Set(allowed.map((name) => nameOf(name)));
  return (host, { local }) => {
    const name = nameOf(host);
    if (names.size === 0 && !isLoopback(local)) return true;
    return names.has(name) || isOwnName(name);
  };
}

function isOwnName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || isIP(name) !== 0;
}

/** Whether an address with its port is one by which a machine reaches only itself. */
function isLoopback(address: string): boolean {
  return address.startsWith("[::1]:") || address.startsWith("127.");
}

/** The name in `name:port` or `[address]:port`, in lower case and without the final dot that DNS permits. */
function nameOf(host: string): string {
  const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.replace(/:\d*$/, "");
  return name.toLowerCase().replace(/\.$/, "");
}
