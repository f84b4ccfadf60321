import { systemError } from "./system-error.js";
import { type HandleRequest, type SocketHandle, socketParts } from "./socket-handle.js";

/** Called when what was written before is with the kernel; with an error where it never will be. */
export type WhenTaken = (error?: Error | null) => void;

interface WaitingRequest extends HandleRequest {
  whenTaken?: WhenTaken;
}

/** Who a handle belongs to, as far as a write is about it. */
interface HandleOwner {
  destroy(error: Error): unknown;
}

/** The kernel has taken all of a write. */
export const TAKEN = 0;
/** The handle keeps the rest of a write until the kernel takes it. */
export const WAITING = 1;

const NOTHING = new Uint8Array(0);

/** A request that no handle has taken; null where handles make them. */
let spare: HandleRequest | null | undefined;

/**
 * Writes `bytes` by `handle`. What the kernel does not take at once the handle keeps, before whatever is written later; until then they
 * must stay as they are. Should that fail later, the owner of the handle is destroyed.
 *
 * @returns `TAKEN`, `WAITING`, or the number of an error, which is negative
 */
export function writeBytes(handle: SocketHandle, bytes: Uint8Array): number {
  const request = nextRequest();
  return keep(request, handle.writeBuffer(request, bytes), bytes);
}

/** As `writeBytes`, several stretches by one system call. */
export function writeChunks(handle: SocketHandle, chunks: readonly Uint8Array[]): number {
  const request = nextRequest();
  return keep(request, handle.writev(request, chunks, true), chunks);
}

/**
 * Calls `then` after this turn, once the kernel has all that was written to `handle` before, or never will.
 *
 * @returns `TAKEN`, or the number of an error
 */
export function whenTaken(handle: SocketHandle, then: WhenTaken): number {
  const request = nextRequest();
  const result = handle.writeBuffer(request, NOTHING);
  if (typeof result === "number" && result !== 0) return result;
  const waiting: WaitingRequest | undefined = takenRequest(request, result);
  if (waiting === undefined) process.nextTick(then);
  else {
    waiting.whenTaken = then;
    waiting.oncomplete = onTaken;
  }
  return TAKEN;
}

/** Null where the handle makes them. */
function nextRequest(): HandleRequest | null {
  if (spare === undefined) spare = newRequest();
  return spare;
}

function newRequest(): HandleRequest | null {
  const Request = socketParts()?.WriteRequest;
  return Request === undefined ? null : new Request();
}

/** Keeps what was written alive as long as the handle needs it. */
function keep(request: HandleRequest | null, result: number | HandleRequest, written: unknown): number {
  if (typeof result === "number" && result !== 0) return result;
  const waiting = takenRequest(request, result);
  if (waiting === undefined) return TAKEN;
  waiting.buffer = written;
  waiting.oncomplete = onWritten;
  return WAITING;
}

/**
 * The request by which the handle will tell of the rest of a write, if there is a rest. The size of its queue does not say so: a peer that
 * reads meanwhile may have emptied it, and the handle tells even so.
 */
function takenRequest(request: HandleRequest | null, result: number | HandleRequest): HandleRequest | undefined {
  if (typeof result !== "number") return result;
  if (request === null || request.getAsyncId() <= 0) return undefined;
  spare = undefined;
  return request;
}

function onWritten(this: HandleRequest, status: number, handle: SocketHandle): void {
  if (status >= 0) return;
  const owner = ownerOf(handle);
  owner?.destroy(systemError(status, "write"));
}

function onTaken(this: WaitingRequest, status: number, handle: SocketHandle): void {
  if (status >= 0) {
    this.whenTaken?.(null);
    return;
  }
  const error = systemError(status, "write");
  ownerOf(handle)?.destroy(error);
  this.whenTaken?.(error);
}

/** Nobody once the handle is closed. */
function ownerOf(handle: SocketHandle): HandleOwner | undefined {
  const key = socketParts()?.owner;
  return key === undefined ? undefined : (handle as unknown as Record<symbol, HandleOwner | undefined>)[key];
}
