import { MAX_TIMEOUT_MS } from "../connection/index.js";
import { checkInteger } from "../internal/option-check.js";
import { type CloseOptions, type ResolvedCloseOptions, resolveCloseOptions } from "./drain.js";

/** How a server stops. */
export interface ServerCloseOptions extends CloseOptions {
  /**
   * Milliseconds that it goes on as before but for the readiness path (`health`), which answers 503: time for those who send it
   * clients to notice. Then it stops accepting. Default 0.
   */
  readonly drainDelayMs?: number | undefined;
}

/** `ServerCloseOptions`, complete and checked. */
export interface ResolvedServerCloseOptions extends ResolvedCloseOptions {
  readonly drainDelayMs: number;
}

/** The names of the options that `close` of a server has beside those of an upgrader's. */
export const serverCloseOptionNames: readonly string[] = ["drainDelayMs"];

/** @throws RangeError or TypeError that names what is wrong. */
export function resolveServerCloseOptions(options: ServerCloseOptions): ResolvedServerCloseOptions {
  const { drainDelayMs, ...others } = options;
  return {
    ...resolveCloseOptions(others),
    drainDelayMs: checkInteger("drainDelayMs", drainDelayMs, 0, 0, MAX_TIMEOUT_MS),
  };
}

/** The longest that a close takes by these options. */
export function closeTimeOf({ drainDelayMs, deadlineMs }: ResolvedServerCloseOptions): number {
  return drainDelayMs + deadlineMs;
}
