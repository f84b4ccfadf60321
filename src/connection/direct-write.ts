import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What a write in progress is to a handle; one that ended at once has left nothing in it. */
interface WriteRequest {
  /** Keeps the bytes alive until the kernel has them. */
  buffer?: Uint8Array;
}

/** The part of a socket's handle that writes: what `net.Socket` calls in the end. Not public, so it may be missing. */
export interface WritingHandle {
  /**
   * Gives 0, or the number of an error. Node 26 is given no request: it makes one only where the kernel does not take all at once, and
   * gives that.
   */
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number | WriteRequest;
  /** Bytes that it has been given and the kernel has not taken yet. */
  readonly writeQueueSize: number;
}

/** Those of Node's handles that write at once whatever the kernel takes. One that encrypts, or is JavaScript behind, does not. */
const DIRECT_HANDLES: ReadonlySet<string | undefined> = new Set(["TCP", "Pipe"]);

/** What Node makes write requests of, once it has been seen; null where the handle makes them. */
let Request: (new () => WriteRequest) | null | undefined;
/** A request that no handle has taken. */
let spare: WriteRequest | undefined;

/** The handle of `socket`, if it can be written to directly. */
export function directHandle(socket: Duplex): WritingHandle | undefined {
  if (!(socket instanceof Socket)) return undefined;
  const handle = (socket as unknown as { readonly _handle?: Partial<WritingHandle> | null })._handle;
  if (!DIRECT_HANDLES.has(handle?.constructor.name) || typeof handle?.writeQueueSize !== "number") return undefined;
  // A runtime that is like Node may have such a handle written in JavaScript, which writes later.
  return isNative(handle.writeBuffer) ? (handle as WritingHandle) : undefined;
}

/**
 * Writes `bytes` to `socket` by its `handle`, below the stream. What the kernel does not take at once the handle keeps, before
 * whatever is written later. Without the stream's accounting an echo of 64 bytes with one in flight takes 0.9 of the processor
 * time (echo-64B-1), and allocates two thirds.
 *
 * @returns whether it did. Where the stream has something of its own to write, and where the write failed, `socket.write` is the
 * way: it keeps the order, and deals with the failure.
 */
export function writeDirectly(socket: Duplex, handle: WritingHandle, bytes: Uint8Array): boolean {
  if (socket.writableLength > 0) return false;
  if (Request === undefined) {
    writeAndLearn(socket, handle, bytes);
    return true;
  }
  return Request === null ? writeWithoutRequest(handle, bytes) : writeWithRequest(Request, handle, bytes);
}

function writeWithRequest(Made: new () => WriteRequest, handle: WritingHandle, bytes: Uint8Array): boolean {
  const request = (spare ??= new Made());
  if (handle.writeBuffer(request, bytes) !== 0) return false;
  if (handle.writeQueueSize > 0) {
    request.buffer = bytes;
    spare = undefined;
  }
  return true;
}

function writeWithoutRequest(handle: WritingHandle, bytes: Uint8Array): boolean {
  const result = handle.writeBuffer(null, bytes);
  if (typeof result === "number") return result === 0;
  result.buffer = bytes;
  return true;
}

/** Writes by the stream, and sees what it makes its request of. */
function writeAndLearn(socket: Duplex, handle: WritingHandle, bytes: Uint8Array): void {
  const writeBuffer = handle.writeBuffer.bind(handle);
  handle.writeBuffer = (request, chunk) => {
    Request = request === null ? null : (request.constructor as new () => WriteRequest);
    return writeBuffer(request, chunk);
  };
  socket.write(bytes);
  handle.writeBuffer = writeBuffer;
}

function isNative(method: unknown): boolean {
  return typeof method === "function" && Function.prototype.toString.call(method).endsWith("{ [native code] }");
}
