import type { Duplex } from "node:stream";

/**
 * Calls `onLeft` when the other end of `duplex` ends or is gone; gives what ends that. `end` comes by itself: nobody reads the duplex yet,
 * but an end with nothing before it needs no reader.
 */
export function whenDuplexLeft(duplex: Duplex, onLeft: () => void): () => void {
  duplex.once("end", onLeft);
  duplex.once("close", onLeft);
  return () => {
    duplex.off("end", onLeft);
    duplex.off("close", onLeft);
  };
}

/** Whether the other end of `duplex` is gone or has ended, or it takes nothing more. */
export function hasDuplexLeft(duplex: Duplex): boolean {
  return duplex.destroyed || duplex.readableEnded || !duplex.writable;
}
