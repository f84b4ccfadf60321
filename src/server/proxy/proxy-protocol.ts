import type { Buffer } from "node:buffer";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";

import {
  formatAddress,
  MAX_TIMEOUT_MS,
  processTimers,
  type TimerOwner,
  type TimerWheel,
  WheelTimer,
} from "../../connection/index.js";
import { checkFunction, checkInteger, checkKeys } from "../../internal/option-check.js";
import type { SocketEnds } from "../opening.js";
import { peerAddressOf } from "./peer-address.js";
import { type ProxyHeader, ProxyHeaderReader, type ProxySource } from "./proxy-header.js";
import { type IsTrusted, resolveTrustedProxies, type TrustedProxies } from "./trusted-proxies.js";

/** How a server reads PROXY protocol. */
export interface ProxyProtocolOptions {
  /**
   * Whose connections begin with a header of it. Each of theirs must, and no other's may: nobody guesses (PROXY protocol §4).
   * A number stands for all connections.
   */
  readonly from: TrustedProxies;
  /** Milliseconds that the header may take to arrive. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Told of a `ProxyProtocolError`. Nothing by default. */
  readonly onError?: ((error: ProxyProtocolError) => unknown) | undefined;
}

/** A trusted proxy's connection that does not begin as it should: the proxy is not set up for it, or it is no proxy. */
export class ProxyProtocolError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "ProxyProtocolError";
  /** The one thing that can go wrong. */
  readonly code = "malformed-proxy-header";
  /** The proxy's address and port. */
  readonly remote: string;

  constructor(remote: string, reason: string) {
    super(
      `${remote} is trusted to send PROXY protocol, and its connection was dropped: ${reason}; have the proxy send it (HAProxy: send-proxy-v2, nginx: proxy_protocol on), or take the address out of what is trusted`,
    );
    this.remote = remote;
  }
}

/** On sockets whose client the proxy could not name. Nobody is to be believed there but the proxy itself. */
const unnamedClient: unique symbol = Symbol("unnamed client");

/** Whether PROXY protocol has said that there is a client behind `socket`, and not who. */
export function isClientUnnamed(socket: SocketEnds): boolean {
  return (socket as SocketEnds & { readonly [unnamedClient]?: true })[unnamedClient] === true;
}

/**
 * Has `server`, one of `node:http`, `https` or `net`, read PROXY protocol at the beginning of trusted proxies' connections,
 * before TLS. From then on `remoteAddress` and `remotePort` of their sockets are the client's. `serve` does this itself for
 * `trustProxy: { proxyProtocol: true }`; call it for a server of your own, before it listens.
 *
 * @throws TypeError or RangeError that names the option, what it got and what it takes; Error for a server to whose connections
 * nobody listens yet, and on Bun.
 * @example
 * expectProxyProtocol(http, { from: ["10.0.0.0/8"] });
 */
export function expectProxyProtocol(server: Server, options: ProxyProtocolOptions): void {
  checkKeys("expectProxyProtocol", options, ["from", "timeoutMs", "onError"]);
  const { from, timeoutMs, onError } = options;
  readProxyProtocol(server, {
    isTrusted: resolveTrustedProxies(from),
    timeoutMs: checkInteger("timeoutMs", timeoutMs, 10_000, 1, MAX_TIMEOUT_MS),
    report: checkFunction("onError", onError, () => {}),
    timers: processTimers,
  });
}

/** `ProxyProtocolOptions`, complete and checked. */
export interface ProxyProtocolSetup {
  readonly isTrusted: IsTrusted;
  readonly timeoutMs: number;
  readonly report: (error: ProxyProtocolError) => unknown;
  readonly timers: TimerWheel;
}

/**
 * Puts itself before what `server` does with a connection. What listens later hears of connections at once, as ever.
 *
 * @throws Error for a server that does nothing with them yet, and on Bun.
 */
export function readProxyProtocol(server: Server, setup: ProxyProtocolSetup): void {
  const listeners = server.listeners("connection");
  if (listeners.length === 0) {
    throw new Error(
      "PROXY protocol cannot be read for a server to whose connections nobody listens: add the listener first",
    );
  }
  if (process.versions["bun"] !== undefined) {
    throw new Error(
      "PROXY protocol cannot be read on Bun, whose servers take connections before anybody sees them; use Node or Deno, or have the proxy send headers",
    );
  }
  server.removeAllListeners("connection");
  const clients = new SecureClients(server);
  const handOver = (socket: Socket): void => {
    for (const listener of listeners) Reflect.apply(listener, server, [socket]);
  };
  const known = new WeakSet<Duplex>();
  server.on("connection", (socket: Socket) => {
    // A stream may be given to the server a second time, its header read.
    if (known.has(socket) || !setup.isTrusted(peerAddressOf(socket), 0)) return handOver(socket);
    known.add(socket);
    const awaited = new AwaitedHeader(socket, setup, (header) => {
      clients.add(socket, header);
      handOver(socket);
    });
    awaited.begin();
  });
}

const endings = ["error", "end", "close"] as const;

/** A connection whose header is not there yet. */
class AwaitedHeader implements TimerOwner {
  readonly #socket: Socket;
  readonly #setup: ProxyProtocolSetup;
  readonly #then: (header: ProxyHeader) => void;
  readonly #reader: ProxyHeaderReader = new ProxyHeaderReader();
  readonly #timer: WheelTimer = new WheelTimer(this);

  constructor(socket: Socket, setup: ProxyProtocolSetup, then: (header: ProxyHeader) => void) {
    this.#socket = socket;
    this.#setup = setup;
    this.#then = then;
  }

  begin(): void {
    this.#setup.timers.arm(this.#timer, this.#setup.timeoutMs);
    for (const event of endings) this.#socket.on(event, this.#onEnd);
    this.#socket.on("readable", this.#onReadable);
  }

  /** A proxy that opens connections in advance, or a health check of TCP alone: nothing is wrong. */
  onDue(): void {
    this.#onEnd();
  }

  readonly #onEnd = (): void => {
    this.#stop();
    this.#socket.destroy();
  };

  readonly #onReadable = (): void => {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk === null) return;
      const progress = this.#reader.push(chunk);
      if (progress.kind === "incomplete") continue;
      this.#stop();
      if (progress.kind === "complete") this.#handOver(progress.header, progress.rest);
      else this.#fail(progress.reason);
      return;
    }
  };

  #stop(): void {
    this.#setup.timers.disarm(this.#timer);
    this.#socket.off("readable", this.#onReadable);
    for (const event of endings) this.#socket.off(event, this.#onEnd);
    this.#socket.on("error", ignore); // until somebody else listens, or for good
  }

  /** The next tick: only then the stream has noticed that nobody listens to `readable`, and is as it was. */
  #handOver(header: ProxyHeader, rest: Buffer): void {
    process.nextTick(() => {
      if (this.#socket.destroyed) return;
      if (rest.length > 0) this.#socket.unshift(rest);
      this.#then(header);
      this.#socket.off("error", ignore);
    });
  }

  #fail(reason: string): void {
    const { remoteAddress, remotePort } = this.#socket;
    this.#socket.destroy();
    this.#setup.report(new ProxyProtocolError(formatAddress(remoteAddress, remotePort) || "a Unix socket", reason));
  }
}

/**
 * Gives sockets their clients' addresses: the raw one, and later the one of TLS that is made of it. Node tells nobody which
 * belong together, but both know the proxy's address and port.
 */
class SecureClients {
  readonly #byProxy = new Map<string, ProxyHeader>();
  readonly #isSecure: boolean;

  constructor(server: Server) {
    this.#isSecure = "setSecureContext" in server;
    if (!this.#isSecure) return;
    server.prependListener("secureConnection", (socket: Socket) => this.#name(socket));
    server.prependListener("tlsClientError", (_error: Error, socket: Socket) => this.#name(socket));
  }

  add(socket: Socket, header: ProxyHeader): void {
    if (this.#isSecure) {
      const key = keyOf(socket);
      this.#byProxy.set(key, header);
      socket.once("close", () => this.#byProxy.delete(key));
    }
    nameClient(socket, header);
  }

  #name(socket: Socket): void {
    const header = this.#byProxy.get(keyOf(socket));
    if (header !== undefined) nameClient(socket, header);
  }
}

function keyOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}

function nameClient(socket: Socket, header: ProxyHeader): void {
  if (header.kind === "unnamed-client") Object.defineProperty(socket, unnamedClient, { value: true });
  if (header.kind === "client") setRemote(socket, header.source);
}

function setRemote(socket: Socket, { address, port }: ProxySource): void {
  Object.defineProperties(socket, {
    remoteAddress: { value: address, configurable: true, enumerable: true },
    remotePort: { value: port, configurable: true, enumerable: true },
    remoteFamily: { value: address.includes(":") ? "IPv6" : "IPv4", configurable: true, enumerable: true },
  });
}

function ignore(): void {}
