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
