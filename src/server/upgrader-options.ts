import {
  type Connection,
  type ConnectionOptions,
  connectionOptionNames,
  MAX_TIMEOUT_MS,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from "../connection/index.js";
import { checkHeaders, type HeaderFields } from "../internal/header-fields.js";
import { isToken } from "../internal/http-token.js";
import { checkFunction, checkInteger, checkKeys, checkLimit } from "../internal/option-check.js";
import { selectSubprotocol } from "../protocol/index.js";
import { type HostCheck, type HostPolicy, resolveHostPolicy } from "./host-policy.js";
import { type OriginCheck, type OriginPolicy, resolveOriginPolicy } from "./origin-policy.js";
import { type ResolvedTrustProxy, resolveTrustProxy, type TrustProxy } from "./proxy/trust-proxy.js";
import type { Refusal } from "./refusal.js";
import type { NodeRequest } from "./opening.js";
import type { UpgradeRequest } from "./upgrade-request.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Chooses one of the subprotocols that the client offers, or none. */
export type ChooseSubprotocol = (
  offered: readonly string[],
  request: UpgradeRequest,
) => string | undefined | Promise<string | undefined>;

/** Lets a client in, and says who it is; or refuses it with what `refuse` returns. */
export type Authorize<Data> = (request: UpgradeRequest) => Data | Refusal | Promise<Data | Refusal>;

/** Gives the headers that are added to the response that opens a WebSocket. */
export type ResponseHeaders = (request: UpgradeRequest) => HeaderFields | Promise<HeaderFields>;

/** How an `Upgrader` is set up. Every member is optional; the defaults are safe ones. */
export interface UpgraderOptions<Data = undefined> extends ConnectionOptions {
  /**
   * Bytes that one read from a socket takes at most. One buffer of this size serves all connections of the upgrader: a
   * larger one means fewer system calls under load, and at most two reads are held per connection whose reader is slow.
   * 256 bytes to 16 MiB, default 64 KiB. It limits no message. Runtimes whose sockets cannot share a buffer read in
   * chunks of their own choosing.
   */
  readonly readBufferSize?: number | undefined;
  /**
   * Bytes that are gathered before a write: the frames of one turn of the event loop go out in one write, sooner when they
   * fill this. Messages longer than half of it are not copied. The buffers are shared by all connections. 256 bytes to 16
   * MiB, default 64 KiB. It limits no message.
   */
  readonly writeBufferSize?: number | undefined;
  /** Milliseconds from the upgrade request to its answer, `checkOrigin`, `authorize` and the like included. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** The subprotocols spoken, the favourite first; or a function that chooses. None by default. */
  readonly subprotocols?: readonly string[] | ChooseSubprotocol | undefined;
  /** Which pages may connect; default `"same-host"`. */
  readonly checkOrigin?: OriginPolicy | undefined;
  /** Which Host headers are answered, by `serve` also to plain HTTP; default `"any"`. */
  readonly checkHost?: HostPolicy | undefined;
  /** What it returns becomes `connection.data`; a refusal may be thrown too. Everybody is let in by default. */
  readonly authorize?: Authorize<Data> | undefined;
  /** Headers added to the response that opens the WebSocket; or a function that gives them, or a promise of them. */
  readonly responseHeaders?: HeaderFields | ResponseHeaders | undefined;
  /** Connections at once, handshakes under way included. Default: no limit. More are refused with 503. */
  readonly maxConnections?: number | undefined;
  /** Connections at once from one IPv4 address or one IPv6 /64. Default: no limit. More are refused with 429. */
  readonly maxConnectionsPerAddress?: number | undefined;
  /**
   * Which proxies in front of the server are believed when they say who the client is, and whether it speaks TLS: then
   * `remote`, `secure`, `maxConnectionsPerAddress` and the check of the origin go by the client. Default `false`: none.
   */
  readonly trustProxy?: TrustProxy | undefined;
  /**
   * Called for each refused upgrade, with Node's request (over HTTP/2 an `Http2ServerRequest`); `remote` is the client as
   * `request.remote` would have it.
   */
  readonly onRefused?: ((refusal: Refusal, request: NodeRequest, remote: string) => unknown) | undefined;
  /**
   * Called for what your own code throws or rejects with: `authorize` and the other functions here (`connection` is
   * undefined), endpoints, and handlers without an `error`. By default it is printed by `console.error`. What it throws or
   * rejects with itself is dropped.
   */
  readonly onError?: ((error: unknown, connection: Connection | undefined) => unknown) | undefined;
}

/** `UpgraderOptions`, complete and checked. */
export interface ResolvedUpgraderOptions<Data> {
  readonly connection: ResolvedConnectionOptions;
  readonly readBufferSize: number;
  readonly writeBufferSize: number;
  readonly handshakeTimeoutMs: number;
  readonly chooseSubprotocol: ChooseSubprotocol;
  readonly checkOrigin: OriginCheck;
  readonly checkHost: HostCheck;
  readonly authorize: Authorize<Data> | undefined;
  readonly responseHeaders: ResponseHeaders;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly trustProxy: ResolvedTrustProxy | undefined;
  readonly onRefused: ((refusal: Refusal, request: NodeRequest, remote: string) => unknown) | undefined;
  readonly onError: (error: unknown, connection: Connection | undefined) => unknown;
}

const ownOptionNames: Readonly<Record<Exclude<keyof UpgraderOptions, keyof ConnectionOptions>, true>> = {
  readBufferSize: true,
  writeBufferSize: true,
  handshakeTimeoutMs: true,
  subprotocols: true,
  checkOrigin: true,
  checkHost: true,
  authorize: true,
  responseHeaders: true,
  maxConnections: true,
  maxConnectionsPerAddress: true,
  trustProxy: true,
  onRefused: true,
  onError: true,
};

/** The names of all upgrader options. */
export const upgraderOptionNames: readonly string[] = [...Object.keys(ownOptionNames), ...connectionOptionNames];

/** @throws RangeError or TypeError that names the option, what it got and what it takes. */
export function resolveUpgraderOptions<Data>(options: UpgraderOptions<Data>): ResolvedUpgraderOptions<Data> {
  checkKeys("Upgrader", options, upgraderOptionNames);
  return Object.freeze({
    connection: resolveConnectionOptions(options),
    readBufferSize: checkInteger("readBufferSize", options.readBufferSize, 64 * KIB, 256, 16 * MIB),
    writeBufferSize: checkInteger("writeBufferSize", options.writeBufferSize, 64 * KIB, 256, 16 * MIB),
    handshakeTimeoutMs: checkInteger("handshakeTimeoutMs", options.handshakeTimeoutMs, 10_000, 1, MAX_TIMEOUT_MS),
    chooseSubprotocol: resolveSubprotocols(options.subprotocols),
    checkOrigin: resolveOriginPolicy(options.checkOrigin),
    checkHost: resolveHostPolicy(options.checkHost),
    authorize: checkFunction("authorize", options.authorize, undefined),
    responseHeaders: resolveResponseHeaders(options.responseHeaders),
    maxConnections: checkLimit("maxConnections", options.maxConnections, Number.POSITIVE_INFINITY),
    maxConnectionsPerAddress: checkLimit(
      "maxConnectionsPerAddress",
      options.maxConnectionsPerAddress,
      Number.POSITIVE_INFINITY,
    ),
    trustProxy: resolveTrustProxy(options.trustProxy),
    onRefused: checkFunction("onRefused", options.onRefused, undefined),
    onError: checkFunction("onError", options.onError, printError),
  });
}

function resolveSubprotocols(option: UpgraderOptions<unknown>["subprotocols"]): ChooseSubprotocol {
  if (option === undefined) return () => undefined;
  if (typeof option === "function") return option;
  if (!Array.isArray(option)) throw new TypeError("option subprotocols takes a list of names or a function");
  for (const name of option as readonly unknown[]) {
    if (typeof name !== "string" || !isToken(name)) {
      throw new RangeError(`option subprotocols got ${JSON.stringify(name)}; a subprotocol is a token (RFC 6455 §4.1)`);
    }
  }
  const spoken: readonly string[] = [...(option as readonly string[])];
  return (offered) => selectSubprotocol(spoken, offered);
}

/** Headers that the handshake sets itself. */
const reservedHeaders = ["connection", "upgrade", "content-length", "transfer-encoding"];

function resolveResponseHeaders(option: UpgraderOptions<unknown>["responseHeaders"]): ResponseHeaders {
  if (option === undefined) return () => noHeaders;
  if (typeof option === "function") {
    return async (request) => {
      const headers = await option(request);
      checkHeaders("responseHeaders", headers, reservedHeaders);
      return headers;
    };
  }
  checkHeaders("option responseHeaders", option, reservedHeaders);
  const fixed: HeaderFields = { ...option };
  return () => fixed;
}

const noHeaders: HeaderFields = {};

function printError(error: unknown): void {
  // oxlint-disable-next-line no-console -- the documented default of onError
  console.error("halyard:", error);
}
