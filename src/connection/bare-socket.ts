import type { Buffer } from "node:buffer";
import { getSystemErrorName } from "node:util";

import { type HandleRequest, type SocketHandle, type SocketParts, socketParts } from "./socket-handle.js";
import type { ReusedMemory } from "./reused-memory.js";
import type { SocketOwner } from "./socket-owner.js";
import { systemError } from "./system-error.js";
import { whenTaken, type WhenTaken, writeBytes, writeChunks } from "./handle-write.js";

/** What is read at once behind a long message: another may follow, and what is read of it here is copied to where it is gathered. */
const FIRST_READ_BYTES = 4 * 1024;
/** What `shutdown` gives where there was nothing to wait for, and where the peer has gone: nothing is wrong. */
const DONE_AT_ONCE = 1;
const NOT_CONNECTED = "ENOTCONN";

/**
 * Who made a socket of a handle.
 *
 * @internal
 */
export interface BareSocketHome {
  /** The socket is closed, and its owner has been told. */
  onSocketClosed(socket: BareSocket): void;
}

/** What stands for a socket where code of the user's wants one of Node's. */
export interface SocketStandIn {
  /** Whether nobody has ended it. */
  readonly writable: boolean;
  /** Called with 0 when the socket has become a WebSocket. */
  setTimeout(timeoutMs: number): unknown;
  /** Called when the socket is closed. */
  destroy(): unknown;
}

/** A request that knows its socket. */
interface ShutdownRequest extends HandleRequest {
  socket?: BareSocket;
}

/**
 * A TCP connection that no `net.Socket` was made of: the part of a duplex that a connection uses, straight on Node's handle. One with
 * its two streams takes 2.9 kB of resident memory, and 33 of the 145 µs that a handshake of `ws` takes (the workloads "idle" and
 * "handshakes", `node:http` and its parser not counted).
 *
 * The handle takes it for a `net.Socket`: what it reads comes by the same function and under the same symbols.
 *
 * @internal
 */
export class BareSocket {
  /** There once somebody has asked for it. */
  standIn: SocketStandIn | undefined;
  /** Whether the peer has ended its side. */
  readableEnded = false;
  readonly #home: BareSocketHome;
  #isReading = false;
  /** Whether our side has been ended, and whether the kernel has been told. */
  #hasEnded = false;
  #isShut = false;
  #error: Error | undefined;
  /** What many sockets are read into, one after the other. */
  #shared: Uint8Array | undefined;

  // What every message needs, side by side.
  /** Who is told of what becomes of it. */
  owner: SocketOwner;
  /** Whether it is closed, or about to be. */
  destroyed = false;
  readonly handle: SocketHandle;
  #corked: Uint8Array[] | undefined;
  /** The memory of a message that is read into instead, held so that it is nobody else's meanwhile. */
  #ahead: ReusedMemory | undefined;

  /** @param handle a native one, where `canBeBare` */
  constructor(handle: SocketHandle, owner: SocketOwner, home: BareSocketHome) {
    this.handle = handle;
    this.owner = owner;
    this.#home = home;
    const { owner: ownerKey, onRead } = parts();
    (handle as unknown as Keyed)[ownerKey] = this;
    handle.onread = onRead;
  }

  /** Whether our side is open: it is not once its stand-in has been ended, though that tells us later, behind what is written. */
  get writable(): boolean {
    return !this.#hasEnded && !this.destroyed && this.standIn?.writable !== false;
  }

  /** Bytes that wait here, above the handle, which has a queue of its own. */
  get writableLength(): number {
    return 0;
  }

  /** Has what is read from now on put into `bytes`, which many share. */
  readInto(bytes: Buffer): void {
    this.#shared = bytes;
    (this as unknown as Keyed)[parts().buffer] = bytes;
    this.handle.useUserBuffer(bytes);
  }

  resume(): void {
    if (this.#isReading || this.destroyed || this.readableEnded) return;
    this.#isReading = true;
    this.#check(this.handle.readStart(), "read");
  }

  pause(): void {
    if (!this.#isReading || this.destroyed) return;
    this.#isReading = false;
    this.handle.readStop();
  }

  /** @param whenWritten called later, once the kernel has taken this and all that was written before, or with an error once it never will */
  write(bytes: Uint8Array, whenWritten?: WhenTaken): void {
    if (this.#corked !== undefined && whenWritten === undefined) {
      this.#corked.push(bytes);
      return;
    }
    if (!this.destroyed && bytes.length > 0) this.#check(writeBytes(this.handle, bytes), "write");
    if (whenWritten === undefined) return;
    if (!this.destroyed) this.#check(whenTaken(this.handle, whenWritten), "write");
    if (this.destroyed) process.nextTick(whenWritten, this.#error ?? new Error("the socket is closed"));
  }

  /** Gathers what is written until `uncork`, for one system call. */
  cork(): void {
    this.#corked ??= [];
  }

  uncork(): void {
    const chunks = this.#corked;
    this.#corked = undefined;
    if (chunks === undefined || chunks.length === 0 || this.destroyed) return;
    this.#check(writeChunks(this.handle, chunks), "write");
  }

  /** Ends our side behind what has been written. The socket closes when the peer has ended its own, too. */
  end(): void {
    if (this.#hasEnded || this.destroyed) return;
    this.#hasEnded = true;
    if (this.readableEnded && this.handle.writeQueueSize === 0) {
      this.destroy(); // which ends our side as well
      return;
    }
    const request: ShutdownRequest = new (parts().ShutdownRequest)();
    request.socket = this;
    request.oncomplete = onShut;
    const status = this.handle.shutdown(request);
    if (status === DONE_AT_ONCE || isNotConnected(status)) this.wasShut();
    else this.#check(status, "shutdown");
  }

  /** As `destroy`, and the peer sees a reset. */
  reset(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    // One whose end is under way cannot be reset.
    if (this.handle.reset(onClosed) !== 0) this.handle.close(onClosed);
  }

  /** @param error what its owner is told before it is told that the socket is closed */
  destroy(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#error = error;
    this.handle.close(onClosed);
  }

  /** The kernel has sent the end of our side. */
  wasShut(): void {
    this.#isShut = true;
    if (this.readableEnded) this.destroy();
  }

  /** The handle is closed. */
  wasClosed(): void {
    this.#ahead?.release();
    this.#ahead = undefined;
    if (this.#error !== undefined) this.owner.onSocketError(this.#error);
    this.owner.onSocketClosed();
    this.standIn?.destroy();
    this.#home.onSocketClosed(this);
  }

  // What `onread` calls, some of it by names that `canBeBare` adds: as of a stream.

  /** The first `length` bytes of `bytes` have been read. */
  onRead(length: number, bytes: Buffer): boolean {
    this.owner.onBytes(bytes, length);
    // A full read says that more waits; and a place that was read into ahead has to be left again.
    if (length === bytes.length || this.#ahead !== undefined) this.#readAhead();
    return true;
  }

  /** Has what comes next of a long message read to where it is gathered, and not be copied there (0.85 of the processor time of echo-1MiB-1). */
  #readAhead(): void {
    const held = this.#ahead;
    const room = this.owner.room;
    this.#ahead = room?.memory;
    this.#ahead?.hold();
    if (room !== undefined) nextBuffer = room.bytes;
    else if (held !== undefined) nextBuffer = this.#shared?.subarray(0, FIRST_READ_BYTES);
    else nextBuffer = this.#shared;
    held?.release();
  }

  /** Something has come for which there is no buffer, or the end. */
  push(chunk: Buffer | null): boolean {
    if (chunk !== null) {
      this.owner.onBytes(chunk, chunk.length);
      return true;
    }
    this.readableEnded = true;
    this.#isReading = false;
    this.owner.onInputEnd();
    if (this.#isShut) this.destroy();
    return true;
  }

  read(): void {}

  #check(status: number, call: string): void {
    if (status < 0) this.destroy(systemError(status, call));
  }
}

type Keyed = Record<symbol, unknown>;

let prepared: SocketParts | undefined;

/** What the socket that has just been read is to read into next, where that is not what it did before. Node asks right after `onRead`. */
let nextBuffer: Uint8Array | undefined;

function takeNextBuffer(): Uint8Array | undefined {
  const next = nextBuffer;
  nextBuffer = undefined;
  return next;
}

function parts(): SocketParts {
  return prepared as SocketParts;
}

/**
 * Whether there can be bare sockets on this runtime.
 *
 * @internal
 */
export function canBeBare(): boolean {
  prepared ??= prepare();
  return prepared !== undefined;
}

function prepare(): SocketParts | undefined {
  const found = socketParts();
  if (found === undefined) return undefined;
  const members: Keyed = {
    [found.buffer]: null,
    [found.bufferGenerator]: takeNextBuffer,
    [found.updateTimer]() {}, // deadlines are kept elsewhere
    [found.bufferCallback](this: BareSocket, length: number, bytes: Buffer) {
      return this.onRead(length, bytes);
    },
  };
  Object.assign(BareSocket.prototype, members, { _readableState: { endEmitted: false } });
  return found;
}

function onClosed(this: SocketHandle): void {
  const key = parts().owner;
  const handle = this as unknown as Keyed;
  const socket = handle[key] as BareSocket;
  // A handle stays until V8's next major collection, for it has properties: it must not hold the kilobytes of the connection meanwhile.
  handle[key] = undefined;
  socket.wasClosed();
}

function onShut(this: ShutdownRequest, status: number): void {
  if (status === 0) this.socket?.wasShut();
  else this.socket?.destroy(); // the peer has gone, which is no error at this point
}

function isNotConnected(status: number): boolean {
  return status < 0 && getSystemErrorName(status) === NOT_CONNECTED;
}
