import type { IncomingHttpHeaders } from "node:http";

import { checkBoolean, checkChoice, checkKeys, describeValue } from "../../internal/option-check.js";
import { readForwarded } from "./forwarded-header.js";
import { type NodeName, readNodeName } from "./node-name.js";
import { type IsTrusted, resolveTrustedProxies, type TrustedProxies, trustedProxiesTake } from "./trusted-proxies.js";

/**
 * Which headers the proxies write. Only one kind is read: the other would be the client's own words where the proxy does not
 * remove it.
 *
 * - `"x-forwarded"` (default): X-Forwarded-For and X-Forwarded-Proto.
 * - `"forwarded"`: Forwarded, RFC 7239.
 * - `"none"`: where PROXY protocol tells all there is.
 */
export type ProxyHeaders = "x-forwarded" | "forwarded" | "none";

/** How proxies in front of the server are believed. */
export interface TrustProxyOptions {
  /** Which proxies are believed. What others say of the client is ignored. */
  readonly from: TrustedProxies;
  /** Which headers they write. Default `"x-forwarded"`. */
  readonly headers?: ProxyHeaders | undefined;
  /**
   * Whether the host that they say the client asked for (X-Forwarded-Host, `host` of Forwarded) stands for the Host header, for
   * proxies that replace that. Default false. The proxy must overwrite it, for it decides which pages may connect.
   */
  readonly host?: boolean | undefined;
  /**
   * Whether their connections begin with a header of PROXY protocol, version 1 or 2. Default false. With `from` as a number
   * every connection does, and it counts as one proxy. `serve` reads it; beside an `Upgrader`, `expectProxyProtocol` does.
   */
  readonly proxyProtocol?: boolean | undefined;
}

/** `false` (the default), which proxies are believed, or that and how. */
export type TrustProxy = false | TrustedProxies | TrustProxyOptions;

/** What trusted proxies say of a request. */
export interface ForwardedRequest {
  /** The client: the first, from our side on, that is no trusted proxy. */
  readonly client: NodeName | undefined;
  /** Whether it speaks TLS with the proxy in front of it; `false` too where none says so. */
  readonly secure: boolean;
  /** The host that it asked for; `undefined` where none says, or where `host` is off. */
  readonly host: string | undefined;
}

/** `TrustProxyOptions`, complete and checked. */
export interface ResolvedTrustProxy {
  readonly isTrusted: IsTrusted;
  readonly headers: ProxyHeaders;
  readonly host: boolean;
  readonly proxyProtocol: boolean;
}

const optionNames: Readonly<Record<keyof TrustProxyOptions, true>> = {
  from: true,
  headers: true,
  host: true,
  proxyProtocol: true,
};

/** @throws RangeError or TypeError that names the option, what it got and what it takes. */
export function resolveTrustProxy(option: TrustProxy | undefined): ResolvedTrustProxy | undefined {
  if (option === undefined || option === false) return undefined;
  const options = typeof option === "object" && !Array.isArray(option) ? option : { from: option };
  if (options === null || typeof options === "string") {
    throw new TypeError(`option trustProxy got ${describeValue(option)}; it takes ${trustedProxiesTake}`);
  }
  checkKeys("trustProxy", options, Object.keys(optionNames));
  const { from, headers, host, proxyProtocol } = options as TrustProxyOptions;
  return Object.freeze({
    isTrusted: resolveTrustedProxies(from),
    headers: checkChoice("trustProxy.headers", headers, "x-forwarded", ["x-forwarded", "forwarded", "none"]),
    host: checkBoolean("trustProxy.host", host, false),
    proxyProtocol: checkBoolean("trustProxy.proxyProtocol", proxyProtocol, false),
  });
}

/** What the headers say of a request, of which `hops` proxies have told otherwise; `undefined` where its peer at `address` is not trusted. */
export function readForwarding(
  trust: ResolvedTrustProxy,
  headers: IncomingHttpHeaders,
  address: string,
  hops: number,
): ForwardedRequest | undefined {
  if (trust.headers === "none" || !trust.isTrusted(address, hops)) return undefined;
  return trust.headers === "forwarded"
    ? ofForwarded(trust, headers.forwarded ?? "", hops)
    : ofXForwarded(trust, headers, hops);
}

function ofForwarded(trust: ResolvedTrustProxy, field: string, hops: number): ForwardedRequest {
  const elements = readForwarded(field) ?? [];
  const { client, depth } = findClient(
    trust.isTrusted,
    elements.map((each) => each.get("for") ?? "unknown"),
    hops,
  );
  const element = elements.at(-1 - depth);
  return {
    client,
    secure: isSecureProtocol(element?.get("proto")),
    host: trust.host ? hostIn(element?.get("host")) : undefined,
  };
}

function ofXForwarded(trust: ResolvedTrustProxy, headers: IncomingHttpHeaders, hops: number): ForwardedRequest {
  const { client, depth } = findClient(trust.isTrusted, listOf(headers["x-forwarded-for"]), hops);
  return {
    client,
    secure: isSecureProtocol(valueAt(listOf(headers["x-forwarded-proto"]), depth)),
    host: trust.host ? hostIn(valueAt(listOf(headers["x-forwarded-host"]), depth)) : undefined,
  };
}

/**
 * Goes from the right, where the nearest proxy has written, to the first that is not trusted, and says how many entries lie
 * right of it. Further left may stand anything: the client sends its own header to begin with.
 */
function findClient(
  isTrusted: IsTrusted,
  names: readonly string[],
  hops: number,
): { readonly client: NodeName | undefined; readonly depth: number } {
  let client: NodeName | undefined;
  let depth = 0;
  for (; depth < names.length; depth++) {
    const node = readNodeName(names.at(-1 - depth) as string);
    if (node === undefined) break; // the proxy that has written this is the last that is known
    client = node;
    if (node.kind === "hidden" || !isTrusted(node.address, hops + depth + 1)) return { client, depth };
  }
  return { client, depth: Math.max(0, depth - 1) };
}

/** The value of the proxy that has written the client's address, where each adds one; a single value was handed on by all. */
function valueAt(values: readonly string[], depth: number): string | undefined {
  return values.at(Math.max(-1 - depth, -values.length));
}

function listOf(field: string | readonly string[] | undefined): string[] {
  if (field === undefined) return [];
  const text = typeof field === "string" ? field : field.join(",");
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

function isSecureProtocol(protocol: string | undefined): boolean {
  const name = protocol?.toLowerCase();
  return name === "https" || name === "wss";
}

/** A name or address with or without a port; not what could be taken for a path, a user or two headers. */
function hostIn(text: string | undefined): string | undefined {
  return text !== undefined && /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(text) ? text : undefined;
}
