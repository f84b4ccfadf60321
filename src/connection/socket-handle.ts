import { Buffer } from "node:buffer";
import { Socket } from "node:net";

/** What a write or a shutdown in progress is to a handle. One that ended at once has left nothing in it. */
export interface HandleRequest {
  /** Keeps the bytes alive until the kernel has them. */
  buffer?: unknown;
  /** Told how it ended: 0, or the number of an error. */
  oncomplete?: (this: HandleRequest, status: number, handle: SocketHandle) => void;
  /** Positive while a handle has it. */
  getAsyncId(): number;
}

/**
 * An address as a handle tells it.
 *
 * @internal
 */
export interface HandleAddress {
  address?: string;
  port?: number;
}

/**
 * What Node makes of a TCP connection, below `net.Socket`. Not public: `SocketParts` says whether it is as expected.
 *
 * @internal
 */
export interface SocketHandle {
  /** Called with what was read. */
  onread: unknown;
  /** Bytes that it has been given and the kernel has not taken yet. */
  readonly writeQueueSize: number;
  readonly bytesRead: number;
  readStart(): number;
  readStop(): number;
  /** Has what is read put into `buffer`, and no memory allocated for it. */
  useUserBuffer(buffer: Buffer): void;
  /**
   * Gives 0, or the number of an error. Node 26 is given no request: it makes one only where the kernel does not take all at once, and
   * gives that.
   */
  writeBuffer(request: HandleRequest | null, bytes: Uint8Array): number | HandleRequest;
  writev(request: HandleRequest | null, chunks: readonly Uint8Array[], areBuffers: true): number | HandleRequest;
  shutdown(request: HandleRequest): number;
  setNoDelay(isWanted: boolean): number;
  setKeepAlive(isWanted: boolean, delaySeconds: number): number;
  getpeername(address: HandleAddress): number;
  getsockname(address: HandleAddress): number;
  /** As `close`, and the peer sees a reset. */
  reset(onClosed?: (this: SocketHandle) => void): number;
  close(onClosed?: (this: SocketHandle) => void): void;
}

/** What `net.Socket` and its handle are to each other: symbols, found by their descriptions, and classes that have no public name. */
export interface SocketParts {
  /** Under which a handle has who it belongs to. */
  readonly owner: symbol;
  /** What `onread` of a handle is: tells the owner by the members below, by `push`, `read` and `destroy`. */
  readonly onRead: unknown;
  readonly updateTimer: symbol;
  readonly buffer: symbol;
  readonly bufferCallback: symbol;
  readonly bufferGenerator: symbol;
  /** What a handle is given to write with; undefined where it makes that itself. */
  readonly WriteRequest: (new () => HandleRequest) | undefined;
  readonly ShutdownRequest: new () => HandleRequest;
}

/** Stands in for a handle, and sees what `net.Socket` does with one. */
class SeenHandle {
  onread: unknown;
  readonly writeQueueSize = 0;
  write: HandleRequest | null | undefined;
  end: HandleRequest | undefined;

  readStart(): number {
    return 0;
  }

  readStop(): number {
    return 0;
  }

  writeBuffer(request: HandleRequest | null): number {
    this.write = request;
    return 0;
  }

  shutdown(request: HandleRequest): number {
    this.end = request;
    return 0;
  }

  close(): void {}
}

let known: { readonly parts: SocketParts | undefined } | undefined;

/** Undefined on a runtime whose sockets are made otherwise. */
export function socketParts(): SocketParts | undefined {
  known ??= { parts: findParts() };
  return known.parts;
}

function findParts(): SocketParts | undefined {
  try {
    const handle = new SeenHandle();
    const socket = socketOn(handle);
    socket.write(Buffer.of(0));
    const ended = new SeenHandle();
    socketOn(ended).end();
    const owner = symbolOf(handle, "owner_symbol");
    const updateTimer = symbolOf(Socket.prototype, "kUpdateTimer");
    const buffer = symbolOf(socket, "kBuffer");
    const bufferCallback = symbolOf(socket, "kBufferCb");
    const bufferGenerator = symbolOf(socket, "kBufferGen");
    if (!owner || !updateTimer || !buffer || !bufferCallback || !bufferGenerator) return undefined;
    if (typeof handle.onread !== "function" || handle.write === undefined || ended.end === undefined) return undefined;
    return {
      owner,
      onRead: handle.onread,
      updateTimer,
      buffer,
      bufferCallback,
      bufferGenerator,
      WriteRequest: handle.write === null ? undefined : classOf(handle.write),
      ShutdownRequest: classOf(ended.end),
    };
  } catch {
    return undefined; // a runtime that wants more of a handle
  }
}

function socketOn(handle: SeenHandle): Socket {
  return new Socket({ handle } as object).on("error", () => {});
}

function symbolOf(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description);
}

function classOf(request: HandleRequest): new () => HandleRequest {
  return request.constructor as new () => HandleRequest;
}

/**
 * Whether `handle` is Node's own: a runtime that is like Node may have one written in JavaScript, which does some things later.
 *
 * @internal
 */
export function isNativeHandle(handle: Partial<SocketHandle> | null | undefined): handle is SocketHandle {
  const { writeBuffer, writeQueueSize } = handle ?? {};
  if (typeof writeQueueSize !== "number" || typeof writeBuffer !== "function") return false;
  return Function.prototype.toString.call(writeBuffer).endsWith("{ [native code] }");
}
