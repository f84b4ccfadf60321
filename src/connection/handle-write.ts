import { type HandleRequest, type SocketHandle, socketParts } from "./socket-handle.js";

/** Called when what was written before is with the kernel; with an error where it never will be. */
export type WhenTaken = (error?: Error | null) => void;

interface WaitingRequest extends HandleRequest {
  whenTaken?: WhenTaken;
}

const NOTHING = new Uint8Array(0);

/** A request that no handle has taken. */
let spare: HandleRequest | undefined;

/**
 * Writes `bytes` by `handle`. What the kernel does not take at once the handle keeps, before whatever is written later; until then they
 * must stay as they are.
 *
 * @returns 0, or the number of an error
 */
export function writeBytes(handle: SocketHandle, bytes: Uint8Array): number {
  const request = nextRequest();
  return keep(handle, request, handle.writeBuffer(request, bytes), bytes);
}

/** As `writeBytes`, several stretches by one system call. */
export function writeChunks(handle: SocketHandle, chunks: readonly Uint8Array[]): number {
  const request = nextRequest();
  return keep(handle, request, handle.writev(request, chunks, true), chunks);
}

/** Calls `then` after this turn, once the kernel has all that was written to `handle` before. */
export function whenTaken(handle: SocketHandle, then: WhenTaken): number {
  const request = nextRequest();
  spare = undefined;
  const result = handle.writeBuffer(request, NOTHING);
  const waiting: WaitingRequest | null = typeof result === "number" ? request : result;
  if (waiting === null || handle.writeQueueSize === 0) process.nextTick(then);
  else {
    waiting.whenTaken = then;
    waiting.oncomplete = onTaken;
  }
  return typeof result === "number" ? result : 0;
}

/** Null where the handle makes them. */
function nextRequest(): HandleRequest | null {
  const Request = socketParts()?.WriteRequest;
  return Request === undefined ? null : (spare ??= new Request());
}

/** Keeps what was written alive as long as the handle needs it. */
function keep(
  handle: SocketHandle,
  request: HandleRequest | null,
  result: number | HandleRequest,
  written: unknown,
): number {
  if (typeof result !== "number") result.buffer = written;
  else if (result !== 0) return result;
  else if (request !== null && handle.writeQueueSize > 0) {
    request.buffer = written;
    spare = undefined;
  }
  return 0;
}

function onTaken(this: WaitingRequest, status: number): void {
  this.whenTaken?.(status === 0 ? null : new Error("the socket was closed before all was written"));
}
