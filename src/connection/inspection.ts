import type { ConnectionCounters } from "./observation.js";

/** What `connection.inspect()` gives: plain values as of now, without headers, data or anything else that may be secret. */
export interface ConnectionInspection {
  readonly role: "server" | "client";
  readonly state: "open" | "closing" | "closed";
  readonly remote: string;
  readonly local: string;
  /** Without its query, which may have secrets. */
  readonly path: string;
  readonly subprotocol: string;
  /** The extensions agreed on, compression among them. */
  readonly extensions: string;
  readonly bufferedBytes: number;
  readonly needsDrain: boolean;
  readonly roundTripMs: number | undefined;
  /** Whether a message is being handled, or waits to be. */
  readonly isBusy: boolean;
  /** Counted only where the connection has an `observer`. */
  readonly counters: ConnectionCounters | undefined;
  /** The marks and limits in bytes and counts, and the times in milliseconds; `Infinity` for off. */
  readonly limits: Readonly<Record<string, number>>;
  readonly timers: Readonly<Record<string, number>>;
}

/** A URL or request target without query, fragment and credentials. */
export function pathWithoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, "").replace(/\/\/[^/@]*@/, "//");
}
