import { BlockList, isIP } from "node:net";

import { type ProxyAddress, readProxy } from "./proxy-address.js";
import type { Target } from "./target.js";

/** The variables of a process: `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for this target, by curl's rules: `https_proxy` for wss, `http_proxy` for ws, then
 * `all_proxy`, unless `no_proxy` has the host. Lower case goes before upper case. A proxy without a scheme is an HTTP proxy.
 *
 * @throws TypeError for a variable that names no proxy; it shows the variable's name and nothing of its value.
 */
export function proxyOfEnvironment(target: Target, environment: Environment): ProxyAddress | undefined {
  if (isExempt(target, valueOf("no_proxy", environment)?.value ?? "")) return undefined;
  const named =
    valueOf(target.isSecure ? "https_proxy" : "http_proxy", environment) ?? valueOf("all_proxy", environment);
  if (named === undefined) return undefined;
  const { name, value } = named;
  return readProxy(value.includes("://") ? value : `http://${value}`, `${name} of the environment`);
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

function valueOf(lower: string, environment: Environment): Variable | undefined {
  const upper = lower.toUpperCase();
  // In a CGI program HTTP_PROXY is the header "Proxy" of whoever asks (CVE-2016-5385, "httpoxy").
  const isForged = upper === "HTTP_PROXY" && environment["REQUEST_METHOD"] !== undefined;
  for (const name of isForged ? [lower] : [lower, upper]) {
    const value = environment[name]?.trim() ?? "";
    if (value !== "") return { name, value };
  }
  return undefined;
}

/** Whether an entry of the list, which commas and spaces separate, has the target. */
function isExempt(target: Target, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => entry !== "" && matches(entry, target));
}

/** `*`, a name with all that end in it, an address or a range of addresses; a port, if any, behind a colon. */
function matches(entry: string, { host, port }: Target): boolean {
  if (entry === "*") return true;
  const [pattern, patternPort] = splitPort(entry);
  if (patternPort !== undefined && patternPort !== port) return false;
  const kind = isIP(host);
  if (kind !== 0) return matchesAddress(pattern, host, kind === 4 ? "ipv4" : "ipv6");
  const name = pattern.replace(/^\*?\./, "");
  const asked = host.replace(/\.$/, "");
  return name !== "" && (asked === name || asked.endsWith(`.${name}`));
}

/** `"[::1]:8080"`, `"::1"`, `"example.com:8080"`; IPv6 without brackets cannot have a port. */
function splitPort(entry: string): readonly [pattern: string, port: number | undefined] {
  const bracket = entry.lastIndexOf("]");
  const colon = entry.indexOf(":", bracket + 1);
  const isBare = bracket === -1 && colon !== entry.lastIndexOf(":");
  const end = colon === -1 || isBare ? entry.length : colon;
  const pattern = entry.slice(0, end).replaceAll(/[[\]]/g, "");
  return [pattern, end === entry.length ? undefined : Number(entry.slice(end + 1))];
}

function matchesAddress(pattern: string, host: string, family: "ipv4" | "ipv6"): boolean {
  const [network = "", bits] = pattern.split("/", 2);
  const widest = family === "ipv4" ? 32 : 128;
  const prefix = bits === undefined ? widest : Number(bits);
  if (isIP(network) !== (family === "ipv4" ? 4 : 6) || !Number.isInteger(prefix) || prefix < 0 || prefix > widest) {
    return false;
  }
  const range = new BlockList();
  range.addSubnet(network, prefix, family);
  return range.check(host, family);
}
