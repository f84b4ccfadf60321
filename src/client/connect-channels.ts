import { channel } from "node:diagnostics_channel";

import type { Connection } from "../connection/index.js";

/** What is published on `halyard:connect:open`: a handshake of `connect` has succeeded. */
export interface ConnectOpenEvent {
  /** The connection, just opened. */
  readonly connection: Connection;
  /** How long `connect` took, in milliseconds. */
  readonly elapsedMs: number;
}

/** What is published on `halyard:connect:fail`: it has not; `error` is what `connect` rejects with, a `ConnectError` as a rule. */
export interface ConnectFailEvent {
  /** What `connect` rejects with: a `ConnectError`, or the reason of its signal. */
  readonly error: unknown;
  /** How long it took to fail, in milliseconds. */
  readonly elapsedMs: number;
}

const opened = channel("halyard:connect:open");
const failed = channel("halyard:connect:fail");

export function publishConnectOpen(connection: Connection, elapsedMs: number): void {
  if (opened.hasSubscribers) opened.publish({ connection, elapsedMs } satisfies ConnectOpenEvent);
}

export function publishConnectFail(error: unknown, elapsedMs: number): void {
  if (failed.hasSubscribers) failed.publish({ error, elapsedMs } satisfies ConnectFailEvent);
}
