import { directHandle } from "./direct-write.js";
import type { Transport } from "./transport.js";

/** What Node's socket handles say of a write that the kernel has taken in part; not public, so it may be missing. */
interface QueueingHandle {
  readonly writeQueueSize?: number;
}

/**
 * A figure for what is being written to `socket`: it falls as the kernel takes bytes, and is 0 when it has taken all. A
 * stream counts a chunk until the last byte of it is gone; the queue of the handle, which `net.Socket` itself asks before it
 * gives a socket up as idle, falls meanwhile.
 */
export function unwrittenBytes(socket: Transport): number {
  const waiting = socket.writableLength;
  if (waiting === 0) return directHandle(socket)?.writeQueueSize ?? 0;
  const handle = (socket as { readonly _handle?: QueueingHandle | null })._handle;
  return waiting + (handle?.writeQueueSize ?? 0);
}
