import type { Buffer } from "node:buffer";
import { channel } from "node:diagnostics_channel";
import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";

import {
  canBeBare,
  isNativeHandle,
  processTimers,
  type SocketHandle,
  type TimerWheel,
} from "../../connection/index.js";
import { Roster } from "../../internal/roster.js";
import { BareOpening, type BareOpeningOwner } from "./bare-opening.js";
import { canMakeIncoming } from "./incoming.js";

type Listeners = readonly unknown[];
type OnConnection = (this: unknown, status: number, handle?: SocketHandle) => void;

/** What `net.Server` has beside its public members. */
interface ServerParts {
  readonly _handle?: { onconnection?: OnConnection } | null;
  /** Of sockets that it waits for when it closes. */
  _connections: number;
  _emitCloseIfDrained(): void;
  maxConnections?: number;
}

/** What `http` does not tell of connections that it does not see. */
const missedEvents = ["connection", "upgrade", "clientError"] as const;

/** Node tells every socket that a server makes there. */
const madeSockets = channel("net.server.socket");

/**
 * Stands before `http` where it listens, and takes the connections that begin with the request for a WebSocket, whole and plain, before a
 * `net.Socket` is made of them or a parser sees them. All others it gets, with what they began with, as if nobody had looked.
 *
 * It does nothing on a runtime that has not the parts for it, or while somebody listens for sockets, upgrades or errors of `http`, who
 * would miss these.
 */
export class BareEntrance implements BareOpeningOwner {
  readonly timers: TimerWheel = processTimers;
  readonly http: HttpServer & ServerParts;
  readonly #serve: (opening: BareOpening) => void;
  readonly #timeoutMs: number;
  /** Those that are not WebSockets yet, and those that have been refused. */
  readonly #openings = new Roster<BareOpening>();
  /** The listeners of ours to each of `missedEvents`. */
  readonly #listeners: ReadonlyMap<string, Listeners>;
  /** Whether there are others; undefined where that may have changed. */
  #hasOthers: boolean | undefined;
  /** What a connection that is being handed over has begun with. */
  #begun: Buffer | undefined;
  #own: ((handle: SocketHandle) => void) | undefined;

  /**
   * @param http listens, and has all the listeners that are our own
   * @param timeoutMs how long a client may say nothing
   */
  constructor(http: HttpServer, serve: (opening: BareOpening) => void, timeoutMs: number) {
    this.http = http as HttpServer & ServerParts;
    this.#serve = serve;
    this.#timeoutMs = timeoutMs;
    http.prependListener("connection", (socket: Socket) => this.#giveBeginning(socket));
    this.#listeners = new Map(missedEvents.map((event) => [event, http.rawListeners(event)]));
    const onChange = (): void => (this.#hasOthers = undefined);
    http.on("newListener", onChange);
    http.on("removeListener", onChange);
    if (canMakeIncoming && canBeBare()) this.#takeOver();
  }

  /** Whether nobody else is to see the sockets and the requests. */
  get isAlone(): boolean {
    this.#hasOthers ??= this.#findOthers();
    return !this.#hasOthers && this.http.maxConnections === undefined && !madeSockets.hasSubscribers;
  }

  #findOthers(): boolean {
    return missedEvents.some((event) => !isSameList(this.http.rawListeners(event), this.#listeners.get(event) ?? []));
  }

  /** Closes those that are not WebSockets. */
  close(): void {
    for (const { duplex } of this.#openings) duplex.destroy();
  }

  onUpgrade(opening: BareOpening): void {
    this.#serve(opening);
  }

  onOther(opening: BareOpening, bytes: Buffer): void {
    const { handle } = opening.duplex;
    this.onEnd(opening);
    this.http._connections--; // it is counted anew
    handle.readStop();
    this.#begun = bytes;
    try {
      this.#own?.(handle);
    } finally {
      this.#begun = undefined;
    }
  }

  onEnd(opening: BareOpening): void {
    this.#openings.delete(opening);
  }

  onSocketClosed(): void {
    this.http._connections--;
    this.http._emitCloseIfDrained();
  }

  #takeOver(): void {
    const http = this.http;
    const listening = http._handle;
    const own = listening?.onconnection;
    if (!listening || own === undefined || typeof http._connections !== "number") return;
    if (typeof http._emitCloseIfDrained !== "function") return;
    this.#own = (handle) => own.call(listening, 0, handle);
    const take = (handle: SocketHandle): void => this.#take(handle);
    const isAlone = (): boolean => this.isAlone;
    listening.onconnection = function (status, handle) {
      if (status === 0 && isAlone() && isNativeHandle(handle)) take(handle);
      else own.call(this, status, handle);
    };
  }

  #take(handle: SocketHandle): void {
    this.http._connections++;
    handle.setNoDelay(true); // as node:http does
    const opening = new BareOpening(handle, this);
    this.#openings.add(opening);
    opening.begin(this.#timeoutMs);
  }

  #giveBeginning(socket: Socket): void {
    if (this.#begun === undefined) return;
    socket.unshift(this.#begun);
    this.#begun = undefined;
  }
}

function isSameList(list: Listeners, other: Listeners): boolean {
  return list.length === other.length && list.every((listener, index) => listener === other[index]);
}
