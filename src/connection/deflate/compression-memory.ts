import type { ResolvedCompressionOptions } from "./compression-options.js";

const KIB = 1024;

/** Bytes that zlib's contexts take in this process, by estimate. */
export class CompressionMemory {
  #usedBytes = 0;

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether `bytes` more stay within `maxBytes`. */
  hasRoom(bytes: number, maxBytes: number): boolean {
    return this.#usedBytes + bytes <= maxBytes;
  }

  take(bytes: number): void {
    this.#usedBytes += bytes;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/** The one account of this process. */
export const compressionMemory: CompressionMemory = new CompressionMemory();

/**
 * What a compressor takes, by the formula of zlib's documentation, with one correction: the zlib in Node has a hash table of at
 * least 64 KiB, whatever `memLevel` says. Measured on Node 20: 127 KiB for 13 and 6, 222 for 15 and 8.
 */
export function deflateBytes({ windowBits, memLevel }: { windowBits: number; memLevel: number }): number {
  const window = 2 ** (windowBits + 2);
  const hash = Math.max(64 * KIB, 2 ** (memLevel + 8));
  const pending = 5 * 2 ** (memLevel + 6);
  return window + hash + pending + 8 * KIB;
}

/** What an inflater takes: its window, its tables, and the stream round it. */
export function inflateBytes(windowBits: number): number {
  return 2 ** windowBits + 16 * KIB;
}

/** `most`, or no context in either direction where a connection that keeps them would take this process over its budget. */
export function withinBudget(
  { most, memLevel, maxMemoryBytes }: ResolvedCompressionOptions,
  memory: CompressionMemory = compressionMemory,
): ResolvedCompressionOptions["most"] {
  const { ours, peers } = most;
  const bytes =
    (ours.contextTakeover ? deflateBytes({ windowBits: ours.windowBits, memLevel }) : 0) +
    // The client may not be able to limit its window: RFC 7692 §7.1.2.2.
    (peers.contextTakeover ? inflateBytes(15) : 0);
  if (memory.hasRoom(bytes, maxMemoryBytes)) return most;
  return { ours: { ...ours, contextTakeover: false }, peers: { ...peers, contextTakeover: false } };
}
