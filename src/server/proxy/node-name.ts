import { isIPv4, isIPv6, SocketAddress } from "node:net";

/** Who a proxy says that it got a request from (RFC 7239 §6): an address, or a name that hides it. */
export type NodeName =
  | { readonly kind: "address"; readonly address: string; readonly port: number | undefined }
  /** `unknown`, or an identifier that the proxy made up: `_hidden`. */
  | { readonly kind: "hidden"; readonly name: string };

const MAX_HIDDEN_CHARACTERS = 64;

/**
 * Reads a node of a Forwarded header, or an entry of X-Forwarded-For, which some proxies give a port as well, and in which
 * an IPv6 address may stand without brackets. `undefined` for what is neither.
 */
export function readNodeName(text: string): NodeName | undefined {
  const { host, port } = splitPort(text);
  const portNumber = port === undefined ? undefined : readPort(port);
  if (portNumber === "malformed") return undefined;
  const address = canonicalAddress(host);
  if (address !== undefined) return { kind: "address", address, port: portNumber };
  if (host.toLowerCase() === "unknown") return { kind: "hidden", name: "unknown" };
  return isObfuscated(host) ? { kind: "hidden", name: host } : undefined;
}

/** `"192.0.2.1:58036"`, `"[2001:db8::1]"`, `"_hidden"`: as `connection.remote` shows it. */
export function formatNodeName(node: NodeName): string {
  if (node.kind === "hidden") return node.name;
  const host = isIPv6(node.address) ? `[${node.address}]` : node.address;
  return node.port === undefined ? host : `${host}:${node.port}`;
}

/**
 * An IP address in the one way that it is written here, so that one client is not counted as several: IPv6 in lower case and
 * short, IPv4 in IPv6 as IPv4. `undefined` for what is none, one with a zone among it: it means nothing elsewhere.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
}

function splitPort(text: string): { readonly host: string; readonly port: string | undefined } {
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    const rest = text.slice(end + 1);
    // Brackets are for IPv6 only; what has none inside is turned into what no host is.
    const host = isIPv6(text.slice(1, end)) ? text.slice(1, end) : "";
    if (rest === "") return { host, port: undefined };
    return rest.startsWith(":") ? { host, port: rest.slice(1) } : { host: "", port: undefined };
  }
  const colon = text.indexOf(":");
  if (colon === -1 || text.includes(":", colon + 1)) return { host: text, port: undefined };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** RFC 7239 §6: a port is a number, or obfuscated as a name may be. */
function readPort(text: string): number | undefined | "malformed" {
  if (isObfuscated(text)) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : "malformed";
}

/** RFC 7239 §6.3: an underscore, then letters, digits, dots, underscores and hyphens. */
function isObfuscated(text: string): boolean {
  return text.length <= MAX_HIDDEN_CHARACTERS && /^_[\w.-]+$/.test(text);
}
