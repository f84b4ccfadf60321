import { BlockList, isIPv6 } from "node:net";

import { canonicalAddress } from "./node-name.js";

/**
 * Which proxies are believed: so many, counted from this server on (1: the one that connects to it), or those whose addresses
 * are in the list. An entry is an address, a network such as `"10.0.0.0/8"`, `"loopback"`, `"private"` (the networks
 * of RFC 1918 and RFC 4193) or `"unix"`, a peer without an address because it came over a Unix socket.
 */
export type TrustedProxies = number | readonly string[];

/** At most this many proxies stand in a row; more is a mistake. */
const MAX_HOPS = 32;

const namedNetworks: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** Whether the peer at `address` (`""` for one without) is believed, where `hop` proxies stand between it and us. */
export type IsTrusted = (address: string, hop: number) => boolean;

/** What a wrong value is told that `trustProxy` takes. */
export const trustedProxiesTake =
  'a number of proxies, a list of addresses like ["loopback", "10.0.0.0/8"], or an object with them as "from"';

/** @throws TypeError or RangeError that names what is wrong. */
export function resolveTrustedProxies(from: unknown): IsTrusted {
  if (typeof from === "number") {
    if (Number.isInteger(from) && from >= 1 && from <= MAX_HOPS) return (_address, hop) => hop < from;
    throw new RangeError(
      `option trustProxy got ${from}; as a number of proxies it takes an integer from 1 to ${MAX_HOPS}`,
    );
  }
  if (!Array.isArray(from) || from.length === 0) {
    throw new TypeError(
      `option trustProxy got ${from === true ? "true, which would believe every client" : "no proxies"}; it takes ${trustedProxiesTake}`,
    );
  }
  const networks = new BlockList();
  let hasUnix = false;
  for (const entry of from as readonly unknown[]) {
    if (entry === "unix") hasUnix = true;
    else for (const network of networksOf(entry)) addNetwork(networks, network, entry);
  }
  return (address) => (address === "" ? hasUnix : networks.check(address, familyOf(address)));
}

function networksOf(entry: unknown): readonly unknown[] {
  return typeof entry === "string" && Object.hasOwn(namedNetworks, entry) ? (namedNetworks[entry] ?? []) : [entry];
}

function addNetwork(networks: BlockList, network: unknown, entry: unknown): void {
  const [text = "", prefix, ...rest] = typeof network === "string" ? network.split("/") : [];
  const address = canonicalAddress(text);
  if (address !== undefined && rest.length === 0) {
    const family = familyOf(address);
    const most = family === "ipv4" ? 32 : 128;
    if (prefix === undefined) return networks.addAddress(address, family);
    // One written as IPv4 in IPv6 would have a prefix of another length.
    if (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most && isIPv6(text) === (family === "ipv6")) {
      return networks.addSubnet(address, Number(prefix), family);
    }
  }
  throw new RangeError(
    `option trustProxy got ${JSON.stringify(entry)} in its list; entries are addresses, networks like "10.0.0.0/8" or "2001:db8::/32", "loopback", "private" or "unix"`,
  );
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
