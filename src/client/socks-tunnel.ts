import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type * as Socks from "socks";

import { MAX_TIMEOUT_MS } from "../connection/index.js";
import { connectError, type ProxyAnswerErrorCode } from "./connect-error.js";
import type { ProxyAddress } from "./proxy-address.js";
import type { Target } from "./target.js";

/** RFC 1928 §5: the length of a name is one byte. */
const MAX_NAME_BYTES = 255;

/** Loads the package that speaks SOCKS. */
export type LoadSocks = () => Promise<typeof Socks>;

/**
 * Has the SOCKS5 proxy at the other end of `socket` connect to the target (RFC 1928, RFC 1929), by the package socks. Names
 * are resolved by the proxy.
 */
export async function askSocksProxy(
  socket: Socket,
  proxy: ProxyAddress,
  target: Target,
  timeoutMs: number,
  load: LoadSocks = importSocks,
): Promise<Duplex> {
  const { SocksClient } = await loadFor(target, load);
  // The package would throw where nobody catches it, and a redirect may name any host.
  if (Buffer.byteLength(target.host) > MAX_NAME_BYTES) {
    throw connectError("proxy-target-unreachable", target.label, "its name is longer than SOCKS5 can say");
  }
  const { host, port, label, credentials } = proxy;
  try {
    await SocksClient.createConnection({
      command: "connect",
      existing_socket: socket,
      proxy: {
        host,
        port,
        type: 5,
        ...(credentials !== undefined && { userId: credentials.user, password: credentials.password }),
      },
      destination: { host: target.host, port: target.port },
      // The deadline is ours. The package keeps the socket in memory until its own, however early it is done.
      timeout: Math.min(timeoutMs + 1000, MAX_TIMEOUT_MS),
    });
    return socket;
  } catch (error) {
    const { message } = error as Error;
    // The error of the package carries its options, and with them the password: it is no `cause`.
    const cause = new Error(message);
    throw connectError(codeOf(message), target.label, `the proxy ${label} did not open the way: ${message}`, { cause });
  }
}

/** By the words of the package: its errors have no codes. A reply of the table of RFC 1928 §6 stands at the end. */
function codeOf(message: string): ProxyAnswerErrorCode {
  if (/authentication/i.test(message)) return "proxy-auth-required";
  const isAboutTarget = /- (?:Failure|NetworkUnreachable|HostUnreachable|ConnectionRefused|TTLExpired)$/.test(message);
  return isAboutTarget ? "proxy-target-unreachable" : "proxy-refused";
}

function importSocks(): Promise<typeof Socks> {
  return import("socks");
}

async function loadFor(target: Target, load: LoadSocks): Promise<typeof Socks> {
  try {
    return await load();
  } catch (cause) {
    const what = "SOCKS5 is spoken by the package socks, which cannot be loaded";
    throw connectError("proxy-package-missing", target.label, what, { cause });
  }
}
