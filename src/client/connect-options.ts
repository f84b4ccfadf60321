import type { Agent } from "node:http";

import {
  type Connection,
  type ConnectionOptions,
  connectionOptionNames,
  MAX_TIMEOUT_MS,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from "../connection/index.js";
import { checkHeaders, type HeaderFields } from "../internal/header-fields.js";
import { isFieldValue, isToken } from "../internal/http-token.js";
import { checkBoolean, checkFunction, checkInteger, checkKeys, checkShape } from "../internal/option-check.js";
import type { CookieJar } from "./cookie-jar.js";
import type { Dial } from "./dial.js";
import { type ProxyAddress, readProxy } from "./proxy-address.js";
import { checkTls, type TlsOptions } from "./tls-options.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** As browsers have it. */
const MAX_REDIRECTS = 20;

/** How to connect. Every member is optional; the defaults are safe ones. */
export interface ConnectOptions<Data = undefined> extends ConnectionOptions {
  /**
   * Headers of the handshake request, beside its own. A redirect to another server takes along none but those that say
   * nothing of you (`User-Agent`, `Accept-Language` and the like).
   */
  readonly headers?: HeaderFields | undefined;
  /** The subprotocols offered, the favourite first; `connection.subprotocol` is the server's choice, `""` for none. */
  readonly subprotocols?: readonly string[] | undefined;
  /** The Origin header, `"https://example.com"`, for a server that wants one of its own pages. None by default. */
  readonly origin?: string | undefined;
  /** Options of `node:tls` for wss: `ca`, `cert`, `key`, `rejectUnauthorized`, `servername` and so on. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Milliseconds until the connection is open: name resolution, `dial`, TLS, the handshake, redirects and `cookies` all
   * together. Default 10,000.
   */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Gives up connecting when it is aborted. Once the connection is open it does nothing any more. */
  readonly signal?: AbortSignal | undefined;
  /** An agent of `node:http` (of `node:https` for wss): a proxy agent, say. By default each connection has its own socket. */
  readonly agent?: Agent | undefined;
  /** Opens the way to the server; instead of `agent`. */
  readonly dial?: Dial | undefined;
  /**
   * The proxy to go through, instead of `agent` and `dial`: `"http://user:password@proxy.example:3128"`, or https, or
   * socks5, which needs the package `socks` and has the proxy resolve names. `"environment"` takes it, for each server on
   * the way, from HTTPS_PROXY (wss), HTTP_PROXY (ws) or ALL_PROXY, unless NO_PROXY has the host. None by default, whatever
   * the environment says; none to a Unix socket.
   */
  readonly proxy?: string | URL | undefined;
  /** Options of `node:tls` for a proxy of https: `ca`, `cert`, `key` and so on. `tls` is for the server. */
  readonly proxyTls?: TlsOptions | undefined;
  /**
   * Whether to ask for HTTP/2 (RFC 8441): all connections that go to the same server by the same way are then streams of one
   * session, as far as the server lets them be. A wss server that does without is spoken to over HTTP/1.1; with a ws server HTTP/2
   * is a must. Not together with `agent`. Default false.
   */
  readonly http2?: boolean | undefined;
  /** Gives the Cookie header, and keeps what Set-Cookie says. What it refuses to keep, it need not. */
  readonly cookies?: CookieJar | undefined;
  /** Redirects that are followed, 0 to 20. Default 0: a redirect is an error. Never from wss to ws, nor to a Unix socket. */
  readonly followRedirects?: number | undefined;
  /**
   * Bytes that one read from the socket takes at most. All connections with this size share one buffer. 256 bytes to 16 MiB,
   * default 64 KiB. It limits no message.
   */
  readonly readBufferSize?: number | undefined;
  /**
   * Bytes that are gathered before a write. All connections with this size share their buffers. 256 bytes to 16 MiB, default
   * 64 KiB. It limits no message.
   */
  readonly writeBufferSize?: number | undefined;
  /** Becomes `connection.data`: yours. */
  readonly data?: Data | undefined;
  /**
   * Called for what handlers without an `error` throw. By default it is printed by `console.error`. What it throws itself is
   * dropped.
   */
  readonly onError?: ((error: unknown, connection: Connection) => void) | undefined;
}

/** `ConnectOptions`, complete and checked. */
export interface ResolvedConnectOptions {
  readonly connection: ResolvedConnectionOptions;
  readonly headers: HeaderFields;
  readonly subprotocols: readonly string[];
  readonly origin: string | undefined;
  readonly tls: TlsOptions;
  readonly handshakeTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly agent: Agent | undefined;
  readonly dial: Dial | undefined;
  readonly proxy: ProxyAddress | "environment" | undefined;
  readonly proxyTls: TlsOptions;
  readonly http2: boolean;
  readonly cookies: CookieJar | undefined;
  readonly followRedirects: number;
  readonly readBufferSize: number;
  readonly writeBufferSize: number;
  readonly onError: (error: unknown, connection: Connection) => void;
}

const ownOptionNames: Readonly<Record<Exclude<keyof ConnectOptions, keyof ConnectionOptions>, true>> = {
  headers: true,
  subprotocols: true,
  origin: true,
  tls: true,
  handshakeTimeoutMs: true,
  signal: true,
  agent: true,
  dial: true,
  proxy: true,
  proxyTls: true,
  http2: true,
  cookies: true,
  followRedirects: true,
  readBufferSize: true,
  writeBufferSize: true,
  data: true,
  onError: true,
};

/** The names of all options of `connect`. */
export const connectOptionNames: readonly string[] = [...Object.keys(ownOptionNames), ...connectionOptionNames];

/** Headers that the handshake sets itself, or that would change what a request means. */
const reservedHeaders = [
  "connection",
  "upgrade",
  "content-length",
  "transfer-encoding",
  "trailer",
  "te",
  "keep-alive",
  "expect",
  "origin",
];

/** @throws RangeError or TypeError that names the option, what it got and what it takes. */
export function resolveConnectOptions<Data>(options: ConnectOptions<Data>): ResolvedConnectOptions {
  checkKeys("connect", options, connectOptionNames);
  if (options.agent !== undefined && options.dial !== undefined) {
    throw new TypeError("option dial stands instead of option agent; give one of them");
  }
  if (options.proxy !== undefined && (options.agent !== undefined || options.dial !== undefined)) {
    throw new TypeError("option proxy stands instead of options agent and dial; give one of them");
  }
  if (options.http2 === true && options.agent !== undefined) {
    throw new TypeError("option http2 shares sessions where option agent shares sockets; give one of them");
  }
  return Object.freeze({
    connection: resolveConnectionOptions(options),
    headers: resolveHeaders(options.headers),
    subprotocols: resolveSubprotocols(options.subprotocols),
    origin: resolveOrigin(options.origin),
    tls: checkTls(options.tls),
    handshakeTimeoutMs: checkInteger("handshakeTimeoutMs", options.handshakeTimeoutMs, 10_000, 1, MAX_TIMEOUT_MS),
    signal: checkShape("signal", options.signal, "an AbortSignal", (value) => value instanceof AbortSignal),
    agent: checkShape("agent", options.agent, "an agent of node:http", (value) => hasMethod(value, "addRequest")),
    dial: checkFunction("dial", options.dial, undefined),
    proxy: resolveProxy(options.proxy),
    proxyTls: checkTls(options.proxyTls, "proxyTls"),
    http2: checkBoolean("http2", options.http2, false),
    cookies: checkShape("cookies", options.cookies, "a jar with getCookieString and setCookie", isCookieJar),
    followRedirects: checkInteger("followRedirects", options.followRedirects, 0, 0, MAX_REDIRECTS),
    readBufferSize: checkInteger("readBufferSize", options.readBufferSize, 64 * KIB, 256, 16 * MIB),
    writeBufferSize: checkInteger("writeBufferSize", options.writeBufferSize, 64 * KIB, 256, 16 * MIB),
    onError: checkFunction("onError", options.onError, printError),
  });
}

/**
 * Checks the options of `connect` without connecting, for those who want to know at once.
 *
 * @throws RangeError or TypeError as `connect` rejects with.
 */
export function checkConnectOptions<Data>(options: ConnectOptions<Data>): void {
  resolveConnectOptions(options);
}

function resolveProxy(option: string | URL | undefined): ProxyAddress | "environment" | undefined {
  if (option === undefined || option === "environment") return option;
  if (typeof option === "string" || option instanceof URL) return readProxy(option, "option proxy");
  throw new TypeError('option proxy takes a URL, or "environment"');
}

function resolveHeaders(option: HeaderFields | undefined): HeaderFields {
  if (option === undefined) return {};
  checkHeaders("option headers", option, reservedHeaders);
  const names = Object.keys(option).map((name) => name.toLowerCase());
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new TypeError(`option headers has ${repeated} twice; a list repeats a header`);
  for (const [name, value] of Object.entries(option)) {
    // RFC 9112 §3.2: one Host, no more.
    if (name.toLowerCase() === "host" && (typeof value !== "string" || value === "")) {
      throw new TypeError("option headers may name one Host, as text that is not empty");
    }
  }
  return { ...option };
}

function resolveSubprotocols(option: readonly string[] | undefined): readonly string[] {
  const names = [...(checkShape("subprotocols", option, "a list of names", Array.isArray) ?? [])];
  for (const [index, name] of names.entries()) {
    // RFC 6455 §4.1 (10): the elements MUST be non-empty tokens and MUST all be unique.
    if (typeof name !== "string" || !isToken(name)) {
      throw new RangeError(`option subprotocols got ${JSON.stringify(name)}; a subprotocol is a token (RFC 6455 §4.1)`);
    }
    if (names.indexOf(name) !== index) {
      throw new RangeError(
        `option subprotocols got ${JSON.stringify(name)} twice; each is offered once (RFC 6455 §4.1)`,
      );
    }
  }
  return names;
}

function resolveOrigin(option: string | undefined): string | undefined {
  const takes = 'an origin like "https://example.com"';
  return checkShape(
    "origin",
    option,
    takes,
    (value) => typeof value === "string" && value !== "" && isFieldValue(value),
  );
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function hasMethod(value: unknown, name: string): boolean {
  return isObject(value) && typeof (value as Record<string, unknown>)[name] === "function";
}

function isCookieJar(value: unknown): boolean {
  return hasMethod(value, "getCookieString") && hasMethod(value, "setCookie");
}

function printError(error: unknown): void {
  // oxlint-disable-next-line no-console -- the documented default of onError
  console.error("halyard:", error);
}
