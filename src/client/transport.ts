import { connect as connectTcp, isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

import { connectError } from "./connect-error.js";
import type { Dial } from "./dial.js";
import type { Hop } from "./hop.js";
import { networkFailure } from "./network-failure.js";
import type { Patience } from "./patience.js";
import type { ProxyAddress } from "./proxy-address.js";
import { openTunnel } from "./proxy-tunnel.js";
import type { Target } from "./target.js";
import type { TlsOptions } from "./tls-options.js";

/** Which server, and what TLS to it is asked for. */
type Server = Pick<Hop, "target" | "tls">;

/** Opens a socket to the server; it may still be connecting. */
export function openSocket(server: Server): Duplex {
  const socket = startSocket(server);
  socket.on("error", ignore); // it may come before the request listens
  return socket;
}

function startSocket({ target, tls }: Server): Duplex {
  if (target.socketPath !== undefined) return connectTcp({ path: target.socketPath });
  const { host, port } = target;
  if (!target.isSecure) return connectTcp({ host, port });
  return connectTls({ ...tlsDefaults(target), ...tls, host, port });
}

/** Has the caller's `dial` open the way to the server, and speaks TLS over it for wss. */
export async function dialTransport(dial: Dial, { target, tls }: Server, patience: Patience): Promise<Duplex> {
  const dialled = dialDuplex(dial, target, patience.signal);
  // Who comes too late is not left standing.
  dialled.then((duplex) => patience.signal.aborted && duplex.destroy(), ignore);
  return secure(await patience.within(dialled), { target, tls });
}

/** Opens the way to the server through a proxy, and speaks TLS over it for wss. */
export async function proxyTransport(
  proxy: ProxyAddress,
  proxyTls: TlsOptions,
  server: Server,
  patience: Patience,
): Promise<Duplex> {
  return secure(await openTunnel(proxy, proxyTls, server.target, patience), server);
}

/** What the handshake is to be sent on: for wss TLS over `duplex`. */
function secure(duplex: Duplex, { target, tls }: Server): Duplex {
  if (!target.isSecure) return duplex;
  // The host is not dialled again: it is the one that the certificate must be for, which SNI does not say of an address.
  const secured = connectTls({ ...tlsDefaults(target), ...tls, host: target.host, socket: duplex });
  secured.on("error", ignore); // it may come before the request listens
  secured.once("close", () => duplex.destroy());
  return secured;
}

async function dialDuplex(dial: Dial, target: Target, signal: AbortSignal): Promise<Duplex> {
  let duplex: unknown;
  try {
    duplex = await dial(new URL(target.url), { signal });
  } catch (cause) {
    throw networkFailure(cause, "connecting", target.label);
  }
  if (!(duplex instanceof Duplex)) throw new TypeError("option dial gave something else than a Duplex of node:stream");
  if (duplex.destroyed) throw connectError("network-failed", target.label, "option dial gave what was closed already");
  duplex.on("error", ignore); // whoever runs on it sees it too
  return duplex;
}

/** What TLS is asked for, unless the caller says otherwise. */
export function tlsDefaults({ host }: Target): TlsOptions {
  // RFC 6455 §4.1 (5): clients MUST use the Server Name Indication extension; RFC 6066 §3 allows no addresses in it.
  return { servername: isIP(host) === 0 ? host : "", ALPNProtocols: ["http/1.1"] };
}

function ignore(): void {}
