import type { Duplex } from "node:stream";

import type { ResolvedConnectOptions } from "./connect-options.js";
import type { Dial } from "./dial.js";
import type { Hop } from "./hop.js";
import type { Patience } from "./patience.js";
import type { ProxyAddress } from "./proxy-address.js";
import { proxyOfEnvironment } from "./proxy-environment.js";
import type { TlsOptions } from "./tls-options.js";
import { dialTransport, openSocket, proxyTransport } from "./transport.js";

/** The way to a server: who it is, and all that decides how it is reached. */
export interface Route extends Pick<Hop, "target" | "tls"> {
  readonly dial: Dial | undefined;
  readonly proxy: ProxyAddress | undefined;
  readonly proxyTls: TlsOptions;
}

/** The way to the hop's server. A proxy of the environment is asked for anew at each; none leads to a Unix socket of this machine. */
export function routeTo({ target, tls }: Hop, { dial, proxy, proxyTls }: ResolvedConnectOptions): Route {
  const given = target.socketPath === undefined ? proxy : undefined;
  const address = given === "environment" ? proxyOfEnvironment(target, process.env) : given;
  return { target, tls, dial, proxy: address, proxyTls };
}

/** Opens it. What it resolves with may still be connecting. */
export async function openTransport(
  { target, tls, dial, proxy, proxyTls }: Route,
  patience: Patience,
): Promise<Duplex> {
  const server = { target, tls };
  if (dial !== undefined) return await dialTransport(dial, server, patience);
  return proxy === undefined ? openSocket(server) : await proxyTransport(proxy, proxyTls, server, patience);
}
/**
 * Whether what goes over the one may go over the other: to the same server, by the same way, as the same client. What cannot be
 * compared, such as the functions and contexts among TLS options, is the same only if it is identical.
 */
export function isSameRoute(one: Route, other: Route): boolean {
  return (
    one.target.origin === other.target.origin &&
    one.dial === other.dial &&
    isSameProxy(one.proxy, other.proxy) &&
    isSameTls(one.tls, other.tls) &&
    isSameTls(one.proxyTls, other.proxyTls)
  );
}

function isSameProxy(one: ProxyAddress | undefined, other: ProxyAddress | undefined): boolean {
  return (
    one?.label === other?.label &&
    one?.credentials?.user === other?.credentials?.user &&
    one?.credentials?.password === other?.credentials?.password
  );
}

function isSameTls(one: TlsOptions, other: TlsOptions): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof TlsOptions>;
  return [...names].every((name) => isSameValue(one[name], other[name]));
}

function isSameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  return one.every((each, index) => isSameValue(each, other[index]));
}
