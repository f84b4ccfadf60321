import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

import { type ConnectError, connectError } from "./connect-error.js";
import { askHttpProxy } from "./http-tunnel.js";
import { describe } from "./network-failure.js";
import type { Patience } from "./patience.js";
import type { ProxyAddress } from "./proxy-address.js";
import { askSocksProxy } from "./socks-tunnel.js";
import type { Target } from "./target.js";
import type { TlsOptions } from "./tls-options.js";

/**
 * Opens the way to the target through the proxy: what it resolves with carries bytes to the target and back.
 *
 * @param tls what TLS to the proxy itself is asked for
 * @throws ConnectError that begins with `proxy-`, or that of patience; then nothing is left open.
 */
export async function openTunnel(
  proxy: ProxyAddress,
  tls: TlsOptions,
  target: Target,
  patience: Patience,
): Promise<Duplex> {
  patience.signal.throwIfAborted();
  patience.stage = "reaching-proxy";
  const socket = startSocket(proxy, tls);
  socket.on("error", ignore); // whoever runs on it sees it too
  const giveUp = (): void => void socket.destroy();
  patience.signal.addEventListener("abort", giveUp, { once: true });
  try {
    await patience.within(reach(socket, proxy, target));
    patience.stage = "asking-proxy";
    const ask = proxy.kind === "http" ? askHttpProxy : askSocksProxy;
    const tunnel = await patience.within(ask(socket, proxy, target, patience.timeoutMs));
    patience.stage = "connecting";
    return tunnel;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    patience.signal.removeEventListener("abort", giveUp);
  }
}

function startSocket({ isSecure, host, port }: ProxyAddress, tls: TlsOptions): Socket {
  if (!isSecure) return connectTcp({ host, port, noDelay: true });
  const servername = isIP(host) === 0 ? host : "";
  return connectTls({ servername, ALPNProtocols: ["http/1.1"], ...tls, host, port });
}

/** Resolves when the proxy can be spoken to. */
async function reach(socket: Socket, proxy: ProxyAddress, target: Target): Promise<void> {
  let isConnected = false;
  socket.once("connect", () => (isConnected = true));
  try {
    await once(socket, proxy.isSecure ? "secureConnect" : "connect");
  } catch (cause) {
    throw reachFailure(cause, isConnected, proxy, target);
  }
}

function reachFailure(cause: unknown, isConnected: boolean, { label }: ProxyAddress, target: Target): ConnectError {
  const [code, what] = isConnected
    ? (["proxy-tls-failed", "the TLS handshake with"] as const)
    : (["proxy-unreachable", "the way to"] as const);
  return connectError(code, target.label, `${what} the proxy ${label} failed: ${describe(cause)}`, { cause });
}

function ignore(): void {}
