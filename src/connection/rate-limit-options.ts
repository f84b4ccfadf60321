import { checkChoice, checkInteger, checkKeys, checkLimit, describeValue } from "../internal/option-check.js";

/** How much a peer may send. Every member is optional; what is not named is not limited. */
export interface RateLimitOptions {
  /** Messages a second, pings and pongs included. Default: no limit. */
  readonly messagesPerSecond?: number | undefined;
  /** Bytes a second, as they come from the socket: headers and control frames included. Default: no limit. */
  readonly bytesPerSecond?: number | undefined;
  /** How many seconds' worth may come at once after a quiet time, 1 to 3,600. Default 5. */
  readonly burstSeconds?: number | undefined;
  /**
   * What happens above the rate: `"pause"` (default) reads on only when it is due, so the peer has to wait; `"close"` ends the
   * connection with 1008.
   */
  readonly whenExceeded?: "pause" | "close" | undefined;
}

/** `RateLimitOptions`, complete and checked; `Infinity` for no limit. */
export interface ResolvedRateLimit {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly burstSeconds: number;
  readonly whenExceeded: "pause" | "close";
}

/** `undefined` where nothing is limited. */
export function resolveRateLimit(option: RateLimitOptions | undefined): ResolvedRateLimit | undefined {
  if (option === undefined) return undefined;
  if (typeof option !== "object" || option === null || Array.isArray(option)) {
    const takes = "an object like { messagesPerSecond: 10 }";
    throw new TypeError(`option rateLimit got ${describeValue(option)}; it takes ${takes}`);
  }
  checkKeys("option rateLimit", option, ["messagesPerSecond", "bytesPerSecond", "burstSeconds", "whenExceeded"]);
  const none = Number.POSITIVE_INFINITY;
  const limit = Object.freeze({
    messagesPerSecond: checkLimit("rateLimit.messagesPerSecond", option.messagesPerSecond, none),
    bytesPerSecond: checkLimit("rateLimit.bytesPerSecond", option.bytesPerSecond, none),
    burstSeconds: checkInteger("rateLimit.burstSeconds", option.burstSeconds, 5, 1, 3_600),
    whenExceeded: checkChoice("rateLimit.whenExceeded", option.whenExceeded, "pause", ["pause", "close"]),
  });
  return limit.messagesPerSecond === none && limit.bytesPerSecond === none ? undefined : limit;
}
