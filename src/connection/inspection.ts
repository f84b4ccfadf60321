import type { ConnectionCounters } from "./observation.js";

/** What `connection.inspect()` gives: plain values as of now, without headers, data or anything else that may be secret. */
export interface ConnectionInspection {
  /** Which end of the connection this is. */
  readonly role: "server" | "client";
  /** Where in its life the connection is. */
  readonly state: "open" | "closing" | "closed";
  /** The peer's address and port. */
  readonly remote: string;
  /** Our own address and port. */
  readonly local: string;
  /** Without its query, which may have secrets. */
  readonly path: string;
  /** The subprotocol agreed on; `""` for none. */
  readonly subprotocol: string;
  /** The extensions agreed on, compression among them. */
  readonly extensions: string;
  /** Bytes queued to be sent that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Whether the queue passed its high mark and has not yet fallen to the low one. */
  readonly needsDrain: boolean;
  /** The latest round-trip time of a ping, in milliseconds; `undefined` before the first pong. */
  readonly roundTripMs: number | undefined;
  /** Whether a message is being handled, or waits to be. */
  readonly isBusy: boolean;
  /** Counted only where the connection has an `observer`. */
  readonly counters: ConnectionCounters | undefined;
  /** The marks and limits in bytes and counts, and the times in milliseconds; `Infinity` for off. */
  readonly limits: Readonly<Record<string, number>>;
  /** The deadlines and intervals in milliseconds; `Infinity` for off. */
  readonly timers: Readonly<Record<string, number>>;
}

/** A URL or request target without query, fragment and credentials. */
export function pathWithoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, "").replace(/\/\/[^/@]*@/, "//");
}
