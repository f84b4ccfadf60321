import { checkChoice, checkInstance, checkInteger, checkLimit } from "../internal/option-check.js";
import type { MessageTypes, ReceiveLimits } from "../protocol/index.js";
import { type CompressionOptions, type ResolvedCompressionOptions, resolveCompression } from "./deflate/index.js";
import {
  type LivenessOptions,
  livenessOptionNames,
  type ResolvedLivenessOptions,
  resolveLivenessOptions,
} from "./liveness-options.js";
import type { Observer } from "./observer.js";
import { resolveObservers } from "./observers.js";
import { processBudget, QueuedBytesBudget } from "./queued-bytes-budget.js";
import { type RateLimitOptions, type ResolvedRateLimit, resolveRateLimit } from "./rate-limit-options.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** What a connection lets either side do. Every member is optional; the defaults are safe ones. */
export interface ConnectionOptions extends LivenessOptions {
  /** Bytes in one message, its fragments added up. Default 1 MiB; more ends the connection with 1009. */
  readonly maxMessageBytes?: number | undefined;
  /** Bytes in one frame. Default: as `maxMessageBytes`; more ends the connection with 1009. */
  readonly maxFrameBytes?: number | undefined;
  /**
   * Frames in one message, empty ones counted; more ends the connection with 1008. Default 16,384, or one for each 16 KiB of
   * `maxMessageBytes` where that is more: who allows gigabytes has to let them come in pieces.
   */
  readonly maxFragments?: number | undefined;
  /** The messages taken: `"any"` (default), `"text"` or `"binary"`; another type ends the connection with 1003. */
  readonly messageTypes?: MessageTypes | undefined;
  /** Bytes queued for the peer at which `send` begins to wait and `write` returns false. Default 256 KiB, or `maxBufferedBytes`. */
  readonly highWaterMark?: number | undefined;
  /** Bytes queued at which `send` goes on and `drain` is called. Default: a quarter of `highWaterMark`. */
  readonly lowWaterMark?: number | undefined;
  /**
   * Bytes queued above which the next message ends the connection: the peer does not read and the sender does not wait.
   * Default 16 MiB. One message of any size is taken while the queue is below it.
   */
  readonly maxBufferedBytes?: number | undefined;
  /** Milliseconds that the peer has to end a closing handshake before the socket is destroyed. Default 5,000. */
  readonly closeTimeoutMs?: number | undefined;
  /**
   * Whether messages may be compressed (permessage-deflate, RFC 7692), where the peer can, and how. Default false: it costs
   * memory and time on both sides, and secrets need care. docs/compression.md has the figures.
   */
  readonly compression?: boolean | CompressionOptions | undefined;
  /** How much the peer may send in a second. Default: no limit. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /**
   * What all connections that share it may have queued together. Default: one for the whole process, of half of the memory that it
   * may use.
   */
  readonly queuedBytesBudget?: QueuedBytesBudget | undefined;
  /** Who is told what the connection does: metrics, a trace. Default: nobody, which costs nothing. See docs/observing.md. */
  readonly observer?: Observer | readonly Observer[] | undefined;
}

/** `ConnectionOptions`, complete and checked. */
export interface ResolvedConnectionOptions {
  /** The largest frame and message, and the most fragments, that are taken. */
  readonly limits: ReceiveLimits;
  /** Which messages are taken: of any type, or of one. */
  readonly messageTypes: MessageTypes;
  /** Queued bytes above which `write` returns `false`. */
  readonly highWaterMark: number;
  /** Queued bytes at or below which `drain` comes. */
  readonly lowWaterMark: number;
  /** Queued bytes above which the connection ends. */
  readonly maxBufferedBytes: number;
  /** How long the closing handshake may take. */
  readonly closeTimeoutMs: number;
  /** Undefined for no compression. */
  readonly compression: ResolvedCompressionOptions | undefined;
  /** Pings and deadlines. */
  readonly liveness: ResolvedLivenessOptions;
  /** How fast messages may come; `undefined` for as fast as they like. */
  readonly rateLimit: ResolvedRateLimit | undefined;
  /** What all queues together may hold. */
  readonly queuedBytesBudget: QueuedBytesBudget;
  /** Who is told what connections do; `undefined` for nobody. */
  readonly observers: readonly Observer[] | undefined;
}

const ownOptionNames: Readonly<Record<Exclude<keyof ConnectionOptions, keyof LivenessOptions>, true>> = {
  maxMessageBytes: true,
  maxFrameBytes: true,
  maxFragments: true,
  messageTypes: true,
  highWaterMark: true,
  lowWaterMark: true,
  maxBufferedBytes: true,
  closeTimeoutMs: true,
  compression: true,
  rateLimit: true,
  queuedBytesBudget: true,
  observer: true,
};

/** The names of all connection options. */
export const connectionOptionNames: readonly string[] = [...Object.keys(ownOptionNames), ...livenessOptionNames];

/** The longest delay that a timer takes, in milliseconds. */
export const MAX_TIMEOUT_MS: number = 2 ** 31 - 1;

/**
 * Checks `options` and fills in the defaults.
 *
 * @throws RangeError or TypeError that names the option, what it got and what it takes.
 */
export function resolveConnectionOptions(options: ConnectionOptions): ResolvedConnectionOptions {
  const maxMessageBytes = checkLimit("maxMessageBytes", options.maxMessageBytes, MIB);
  const { maxBufferedBytes, highWaterMark } = resolveMarks(options);
  const defaultLow = Math.floor(highWaterMark / 4);
  return Object.freeze({
    limits: Object.freeze({
      maxMessageBytes,
      maxFrameBytes: checkLimit("maxFrameBytes", options.maxFrameBytes, maxMessageBytes),
      maxFragments: checkLimit("maxFragments", options.maxFragments, defaultFragments(maxMessageBytes)),
    }),
    messageTypes: checkChoice("messageTypes", options.messageTypes, "any", ["any", "text", "binary"]),
    highWaterMark,
    lowWaterMark: checkInteger("lowWaterMark", options.lowWaterMark, defaultLow, 0, highWaterMark - 1),
    maxBufferedBytes,
    closeTimeoutMs: checkInteger("closeTimeoutMs", options.closeTimeoutMs, 5_000, 1, MAX_TIMEOUT_MS),
    compression: resolveCompression(options.compression),
    liveness: resolveLivenessOptions(options, MAX_TIMEOUT_MS),
    rateLimit: resolveRateLimit(options.rateLimit),
    queuedBytesBudget: checkInstance("queuedBytesBudget", options.queuedBytesBudget, processBudget, QueuedBytesBudget),
    observers: resolveObservers(options.observer),
  });
}

/** The cap and the high mark, which is at most the cap: a sender must be asked to wait before it is cut off. */
function resolveMarks(options: ConnectionOptions): { maxBufferedBytes: number; highWaterMark: number } {
  const given = checkLimit("maxBufferedBytes", options.maxBufferedBytes, Number.POSITIVE_INFINITY);
  const most = Math.min(given, Number.MAX_SAFE_INTEGER);
  const highWaterMark = checkInteger("highWaterMark", options.highWaterMark, Math.min(256 * KIB, most), 1, most);
  const maxBufferedBytes = options.maxBufferedBytes === undefined ? Math.max(16 * MIB, highWaterMark) : given;
  return { maxBufferedBytes, highWaterMark };
}

function defaultFragments(maxMessageBytes: number): number {
  return Math.max(16 * KIB, Math.ceil(maxMessageBytes / (16 * KIB)));
}
