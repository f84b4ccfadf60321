import { checkBoolean, checkInteger, checkKeys, checkLimit, describeValue } from "../../internal/option-check.js";
import type { DeflateAgreement } from "../../protocol/index.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** How messages are compressed (permessage-deflate, RFC 7692). Every member is optional; docs/compression.md has the figures. */
export interface CompressionOptions {
  /** How hard zlib tries, 1 (fast) to 9. Default 4: within a twentieth of the size of 6, in two thirds of its time. */
  readonly level?: number | undefined;
  /** zlib's memory for the compressor's internal state, 1 to 9. Default 6. */
  readonly memLevel?: number | undefined;
  /** The base-2 logarithm of the window in which our compressor looks back, 9 to 15. Default 13 (8 KiB). */
  readonly windowBits?: number | undefined;
  /** The same of the peer's compressor, where the peer can be asked to keep to it. Default 13. */
  readonly peerWindowBits?: number | undefined;
  /**
   * Whether our messages may refer back to those before them. Default true: small messages shrink to a fraction of what they do
   * alone, for a compressor of its own to each connection. With false all connections share one.
   */
  readonly contextTakeover?: boolean | undefined;
  /** Whether the peer's may. Default true; it costs us an inflater of its own to each connection. */
  readonly peerContextTakeover?: boolean | undefined;
  /** Messages below so many bytes are sent as they are. Default 64 with context takeover, 256 without. */
  readonly thresholdBytes?: number | undefined;
  /**
   * Messages of up to so many bytes are compressed at once, and up to four times as much is inflated at once; what is
   * longer goes to zlib's threads. Default 16 KiB, which takes about a fifth of a millisecond.
   */
  readonly maxSyncBytes?: number | undefined;
  /**
   * Bytes that the compressors and inflaters of the whole process may take. Above it new connections keep no context in either
   * direction, and compressors are shared. Default 256 MiB, which is about 1,600 connections with context takeover.
   */
  readonly maxMemoryBytes?: number | undefined;
}

/** `CompressionOptions`, complete and checked. */
export interface ResolvedCompressionOptions {
  readonly level: number;
  readonly memLevel: number;
  /** What the negotiation may settle at the most. */
  readonly most: DeflateAgreement;
  /** The threshold with and without context takeover. */
  readonly thresholdBytes: { readonly withTakeover: number; readonly without: number };
  readonly maxSyncBytes: number;
  readonly maxMemoryBytes: number;
}

const optionNames: Readonly<Record<keyof CompressionOptions, true>> = {
  level: true,
  memLevel: true,
  windowBits: true,
  peerWindowBits: true,
  contextTakeover: true,
  peerContextTakeover: true,
  thresholdBytes: true,
  maxSyncBytes: true,
  maxMemoryBytes: true,
};

/**
 * Checks the option `compression` and fills in the defaults; `undefined` for no compression.
 *
 * @throws RangeError or TypeError that names the option, what it got and what it takes.
 */
export function resolveCompression(
  option: boolean | CompressionOptions | undefined,
): ResolvedCompressionOptions | undefined {
  if (option === undefined || option === false) return undefined;
  const given = option === true ? {} : option;
  if (typeof given !== "object" || given === null) {
    const got = describeValue(given);
    throw new TypeError(`option compression got ${got}; it takes true, false or an object of options`);
  }
  checkKeys("option compression", given, Object.keys(optionNames));
  const thresholdBytes = (fallback: number): number =>
    checkInteger("compression.thresholdBytes", given.thresholdBytes, fallback, 0, Number.MAX_SAFE_INTEGER);
  return Object.freeze({
    level: checkInteger("compression.level", given.level, 4, 1, 9),
    memLevel: checkInteger("compression.memLevel", given.memLevel, 6, 1, 9),
    most: {
      ours: {
        contextTakeover: checkBoolean("compression.contextTakeover", given.contextTakeover, true),
        windowBits: checkInteger("compression.windowBits", given.windowBits, 13, 9, 15),
      },
      peers: {
        contextTakeover: checkBoolean("compression.peerContextTakeover", given.peerContextTakeover, true),
        windowBits: checkInteger("compression.peerWindowBits", given.peerWindowBits, 13, 9, 15),
      },
    },
    thresholdBytes: { withTakeover: thresholdBytes(64), without: thresholdBytes(256) },
    maxSyncBytes: checkInteger("compression.maxSyncBytes", given.maxSyncBytes, 16 * KIB, 0, 16 * MIB),
    maxMemoryBytes: checkLimit("compression.maxMemoryBytes", given.maxMemoryBytes, 256 * MIB),
  });
}
