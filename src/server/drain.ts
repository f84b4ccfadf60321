import { type Connection, MAX_TIMEOUT_MS } from "../connection/index.js";
import { checkInteger, checkKeys } from "../internal/option-check.js";
import { buildClosePayload, CloseCode } from "../protocol/index.js";
import type { PendingHandshake } from "./pending-handshake.js";

/** How to stop. */
export interface CloseOptions {
  /** The close code that the peers get. Default 1001, "going away". */
  readonly code?: number | undefined;
  /** The reason that they get. Default: none. */
  readonly reason?: string | undefined;
  /** Milliseconds until what has not ended by itself is terminated. Default 10,000. */
  readonly deadlineMs?: number | undefined;
}

/** How the connections ended. */
export interface DrainReport {
  /** Those that ended by a complete closing handshake. */
  readonly closed: number;
  /** Those that did not: cut at the deadline, or lost on the way. */
  readonly terminated: number;
}

/** `CloseOptions`, complete and checked. */
export interface ResolvedCloseOptions {
  readonly code: number;
  readonly reason: string;
  readonly deadlineMs: number;
}

const optionNames: Readonly<Record<keyof CloseOptions, true>> = { code: true, reason: true, deadlineMs: true };

/** The names of all options of `close`. */
export const closeOptionNames: readonly string[] = Object.keys(optionNames);

/** @throws RangeError or TypeError that names what is wrong. */
export function resolveCloseOptions(options: CloseOptions): ResolvedCloseOptions {
  checkKeys("close", options, closeOptionNames);
  const { code = CloseCode.goingAway, reason = "" } = options;
  buildClosePayload(code, reason);
  return { code, reason, deadlineMs: checkInteger("deadlineMs", options.deadlineMs, 10_000, 0, MAX_TIMEOUT_MS) };
}

/** Closes all `connections` and cancels all `pending` handshakes; resolves when the last socket is gone. */
export async function drain(
  connections: ReadonlySet<Connection<never>> | ReadonlySet<Connection>,
  pending: Iterable<PendingHandshake>,
  { code, reason, deadlineMs }: ResolvedCloseOptions,
): Promise<DrainReport> {
  for (const handshake of pending) handshake.cancel();
  const all: readonly Connection[] = [...connections];
  const timer = setTimeout(() => {
    for (const connection of all) connection.terminate();
  }, deadlineMs);
  const infos = await Promise.all(all.map((connection) => connection.close(code, reason)));
  clearTimeout(timer);
  const closed = infos.filter((info) => info.clean).length;
  return { closed, terminated: infos.length - closed };
}
