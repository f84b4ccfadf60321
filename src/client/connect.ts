import { Socket } from "node:net";

import {
  Connection,
  formatAddress,
  type HttpVersion,
  processTimers,
  sharedReadBuffer,
  tellObservers,
  type TimerWheel,
} from "../connection/index.js";
import { publishConnectFail, publishConnectOpen } from "./connect-channels.js";
import { ConnectError } from "./connect-error.js";
import { type ConnectOptions, type ResolvedConnectOptions, resolveConnectOptions } from "./connect-options.js";
import { Handshake, type Opened } from "./handshake.js";
import { firstHop } from "./hop.js";
import { Patience } from "./patience.js";
import { sharedMaskKeys } from "./shared-mask-keys.js";
import { readTarget } from "./target.js";

/** A connection that this side has opened. Its `url` is what was dialled, its `headers` are those of the answer. */
export type ClientConnection<Data = undefined> = Connection<Data>;

/**
 * Opens a WebSocket by the handshake of RFC 6455 §4.1, or with `http2` by that of RFC 8441; resolves with the connection,
 * which holds what the server sends until somebody reads it.
 *
 * Rejects with a `ConnectError` that says why there is no connection; then nothing is left open.
 *
 * @param url ws, wss, http or https; or `ws+unix:/path/to.sock:/request/path`. A user name and a password in it are sent
 * as basic authentication.
 * @throws TypeError or RangeError (as a rejection) for a URL that is none of a WebSocket, or an option; it names the
 * option, what it got and what it takes.
 * @example
 * await using connection = await connect("wss://example.com/chat", { subprotocols: ["chat.v2"] });
 * await connection.send("hello");
 * for await (const message of connection) console.log(message);
 */
export async function connect<Data = undefined>(
  url: string | URL,
  options: ConnectOptions<Data> = {},
): Promise<ClientConnection<Data>> {
  return await connectByTimers(processTimers, url, options);
}

/** `connect`, with all its deadlines and the connection's on `timers`. */
export async function connectByTimers<Data = undefined>(
  timers: TimerWheel,
  url: string | URL,
  options: ConnectOptions<Data> = {},
): Promise<ClientConnection<Data>> {
  const { target, authorization } = readTarget(url);
  const resolved = resolveConnectOptions(options);
  const first = firstHop(target, authorization, resolved);
  const patience = new Patience(target.label, resolved, timers);
  const startMs = performance.now();
  try {
    const opened = await new Handshake(resolved, patience, timers).run(first);
    const connection = connectionOn(opened, resolved, timers, options.data as Data);
    publishConnectOpen(connection, performance.now() - startMs);
    return connection;
  } catch (error) {
    publishConnectFail(error, performance.now() - startMs);
    const code = error instanceof ConnectError ? error.code : "unexpected";
    tellObservers(resolved.connection.observers, (observer) => observer.connectFailed?.(code));
    throw error;
  } finally {
    patience.end();
  }
}

function connectionOn<Data>(
  opened: Opened,
  options: ResolvedConnectOptions,
  timers: TimerWheel,
  data: Data,
): Connection<Data> {
  const { socket, transport, target, agreement, answer, head } = opened;
  const net = transport instanceof Socket ? transport : undefined;
  net?.setTimeout(0);
  net?.setNoDelay(true);
  const readBuffer = sharedReadBuffer(options.readBufferSize);
  const setup = {
    socket,
    options: options.connection,
    readBuffer,
    writeSlabs: readBuffer.slabs(options.writeBufferSize),
    maskKeys: sharedMaskKeys(),
    deflate: agreement.deflate,
    timers,
  };
  const details = {
    remote: formatAddress(net?.remoteAddress, net?.remotePort),
    local: formatAddress(net?.localAddress, net?.localPort),
    subprotocol: agreement.subprotocol,
    extensions: answer.headers["sec-websocket-extensions"] ?? "",
    url: target.url,
    httpVersion: answer.httpVersion as HttpVersion,
    headers: answer.headers,
    data,
  };
  return new Connection(setup, details, options.onError, head);
}
