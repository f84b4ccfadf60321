import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import type { TimerWheel } from "../connection/index.js";
import { defer } from "../internal/deferred.js";
import { connectError } from "./connect-error.js";
import { Http2Session } from "./http2-session.js";
import { describe, networkFailure } from "./network-failure.js";
import type { Patience } from "./patience.js";
import { openTransport, type Route } from "./route.js";
import type { Target } from "./target.js";

/** What may be under way to us in one stream, in bytes: HTTP/2's own 64 KiB would be 640 kB a second where a round trip takes 100 ms. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
/** Megabytes; at Node's own 10 a few streams that wait for the server would let in no further one. */
const MAX_SESSION_MEMORY_MB = 1_000;

/** HTTP/1.1 is to be spoken: on this socket, where the server has chosen so by ALPN, otherwise on one to be opened. */
export interface Http1Instead {
  readonly kind: "http1";
  readonly socket: Duplex | undefined;
}

/** What a server that was asked for HTTP/2 has been found to speak. */
export type Found = { readonly kind: "http2"; readonly session: Http2Session } | Http1Instead;

/**
 * Opens the way to a server and asks for HTTP/2 on it: over TLS by ALPN, otherwise with prior knowledge (RFC 9113 §3.2, §3.3).
 *
 * @throws ConnectError where there is no way, or what is there speaks no HTTP/2 and has not said so by ALPN; then nothing is left open.
 */
export async function openSession(route: Route, patience: Patience, timers: TimerWheel): Promise<Found> {
  const { target, tls } = route;
  const transport = await openTransport({ ...route, tls: { ...tls, ALPNProtocols: ["h2", "http/1.1"] } }, patience);
  try {
    await patience.within(reach(transport, target, patience));
    const isHttp1 = target.isSecure && (transport as TLSSocket).alpnProtocol !== "h2";
    if (isHttp1) return { kind: "http1", socket: transport };
    const session = await greet(transport, target, patience);
    if (session !== undefined) return { kind: "http2", session: new Http2Session(route, transport, session, timers) };
    if (target.isSecure) return { kind: "http1", socket: undefined };
  } catch (error) {
    transport.destroy();
    throw error;
  }
  throw connectError("http2-failed", target.label, "its settings let no WebSocket in over HTTP/2 (RFC 8441 §3)");
}

/** Resolves when the transport is open, TLS included. */
async function reach(transport: Duplex, { isSecure, label }: Target, patience: Patience): Promise<void> {
  try {
    if (transport.destroyed) throw transport.errored ?? closedTooSoon();
    if (transport instanceof Socket && transport.connecting) await eventOf(transport, "connect");
    if (!isSecure) return;
    patience.stage = "securing";
    if ((transport as TLSSocket).alpnProtocol === null) await eventOf(transport, "secureConnect");
  } catch (cause) {
    throw networkFailure(cause, patience.stage, label);
  }
}

/** Resolves with the `event` of `transport`; rejects where an error or its end, which comes without one of what `dial` gave, is first. */
function eventOf(transport: Duplex, event: "connect" | "secureConnect"): Promise<void> {
  const { promise, resolve, reject } = defer<void>();
  const onClose = (): void => reject(closedTooSoon());
  transport.once(event, resolve).once("error", reject).once("close", onClose);
  return promise.finally(() => transport.off(event, resolve).off("error", reject).off("close", onClose));
}

function closedTooSoon(): Error {
  return new Error("the socket was closed");
}

/** Exchanges settings (RFC 9113 §3.4): a session, or nothing where it takes no WebSocket. */
async function greet(
  transport: Duplex,
  { isSecure, authority, label }: Target,
  patience: Patience,
): Promise<ClientHttp2Session | undefined> {
  patience.stage = "exchanging-settings";
  const session = connectHttp2(`${isSecure ? "https" : "http"}://${authority}`, {
    createConnection: () => transport,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    // What the streams have yet to send is limited by each of them.
    maxSessionMemory: MAX_SESSION_MEMORY_MB,
  });
  session.on("error", ignore); // each stream tells of it too
  try {
    await patience.within(settingsOf(session));
  } catch (cause) {
    session.destroy();
    if (patience.signal.aborted) throw cause;
    throw connectError("http2-failed", label, `it answered with something else: ${describe(cause)}`, { cause });
  }
  const { enableConnectProtocol, maxConcurrentStreams } = session.remoteSettings;
  if (enableConnectProtocol === true && maxConcurrentStreams !== 0) return session;
  session.close();
  return undefined;
}

function settingsOf(session: ClientHttp2Session): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.once("remoteSettings", resolve);
    session.once("error", reject);
    session.once("close", () => reject(new Error("the connection was closed")));
  });
}

function ignore(): void {}
