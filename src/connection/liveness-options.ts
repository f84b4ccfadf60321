import { checkTimeout } from "../internal/option-check.js";

/** How long a connection may do without what shows that it is alive. Every member is optional, in milliseconds; 0 is off. */
export interface LivenessOptions {
  /** From one ping of ours to the next. Default 30,000. */
  readonly pingIntervalMs?: number | undefined;
  /** How long the peer may be silent after such a ping, while we read. Default 30,000; then it ends with `ping-timeout` (1011). */
  readonly pongTimeoutMs?: number | undefined;
  /** How long there may be no message either way. Off by default; then we close with 1001, reason `idle-timeout`. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long a connection may last. Off by default; then we close with 1001, reason `max-lifetime`. */
  readonly maxLifetimeMs?: number | undefined;
  /**
   * How long a message may take from its first frame to its last byte, while we read; each 4,000 bytes of it that arrive add a
   * second, so that a large one may take long on a slow line. Default 60,000; then the connection ends with `message-timeout`
   * (1008).
   */
  readonly messageTimeoutMs?: number | undefined;
  /** How long the kernel may take nothing of what is queued. Default 60,000; then the connection ends with `write-timeout`. */
  readonly writeTimeoutMs?: number | undefined;
}

/** `LivenessOptions`, complete and checked; `Infinity` for off. */
export type ResolvedLivenessOptions = Readonly<Record<keyof LivenessOptions, number>>;

const defaults: ResolvedLivenessOptions = {
  pingIntervalMs: 30_000,
  pongTimeoutMs: 30_000,
  idleTimeoutMs: Number.POSITIVE_INFINITY,
  maxLifetimeMs: Number.POSITIVE_INFINITY,
  messageTimeoutMs: 60_000,
  writeTimeoutMs: 60_000,
};

/** The names of all liveness options. */
export const livenessOptionNames: readonly (keyof LivenessOptions)[] = Object.keys(
  defaults,
) as (keyof LivenessOptions)[];

/** @throws RangeError or TypeError that names the option, what it got and what it takes. */
export function resolveLivenessOptions(options: LivenessOptions, mostMs: number): ResolvedLivenessOptions {
  const check = (name: keyof LivenessOptions): number => checkTimeout(name, options[name], defaults[name], mostMs);
  return Object.freeze({
    pingIntervalMs: check("pingIntervalMs"),
    pongTimeoutMs: check("pongTimeoutMs"),
    idleTimeoutMs: check("idleTimeoutMs"),
    maxLifetimeMs: check("maxLifetimeMs"),
    messageTimeoutMs: check("messageTimeoutMs"),
    writeTimeoutMs: check("writeTimeoutMs"),
  });
}
