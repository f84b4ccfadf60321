import { checkConnectOptions, type ConnectOptions } from "../client/index.js";
import { isIterable, readProtocols } from "./web-protocols.js";

/** The options of `connect` that make sense for the classes of the web. */
export interface WebConnectOptions extends Omit<ConnectOptions, "subprotocols" | "signal" | "data" | "onError"> {
  /** As of `connect`. Default 128 MiB, as for Node's own `WebSocket`; more ends the connection, and the peer learns 1009. */
  readonly maxMessageBytes?: number | undefined;
  /** As of `connect`. Default 128 MiB: `send` of a `WebSocket` cannot be waited for. */
  readonly maxBufferedBytes?: number | undefined;
}

/** What `new WebSocket(url, options)` takes in place of subprotocols. Browsers take none of it. */
export interface WebSocketOptions extends WebConnectOptions {
  /** The subprotocols offered, the favourite first. */
  readonly protocols?: string | readonly string[] | undefined;
}

/** The second argument of a constructor, read: what to offer, and how to connect. */
export interface ReadOptions {
  readonly protocols: readonly string[];
  readonly options: ConnectOptions;
}

const DEFAULT_BYTES = 128 * 1024 * 1024;

/**
 * Reads the second argument of `new WebSocket`: a name, a list of names, or an object of options.
 *
 * @throws DOMException `SyntaxError` for a wrong subprotocol; TypeError or RangeError for a wrong option.
 */
export function readWebSocketOptions(given: unknown): ReadOptions {
  if (given === undefined) return read([], {});
  if (typeof given !== "object" || given === null || isIterable(given)) return read(readProtocols(given), {});
  const { protocols, ...options } = given as WebSocketOptions;
  return read(readProtocols(protocols ?? []), options);
}

/** Checks the rest of the options, and fills in the defaults that differ from those of `connect`. */
export function read(protocols: readonly string[], given: WebConnectOptions): ReadOptions {
  const options = {
    ...given,
    maxMessageBytes: given.maxMessageBytes ?? DEFAULT_BYTES,
    maxBufferedBytes: given.maxBufferedBytes ?? DEFAULT_BYTES,
  };
  for (const name of ["subprotocols", "signal", "data", "onError"]) {
    const instead = name === "subprotocols" ? "; it takes protocols" : "";
    if (name in options) throw new TypeError(`this class has no option ${JSON.stringify(name)}${instead}`);
  }
  checkConnectOptions(options);
  return { protocols, options };
}
