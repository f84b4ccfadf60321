import { Buffer } from "node:buffer";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { obtain } from "../internal/obtain.js";
import type { FrameScanner } from "../protocol/index.js";
import { BareSocket } from "./bare-socket.js";
import { giveBytes } from "./owned-socket.js";
import { ReadMemory } from "./read-memory.js";
import { markReadBuffer } from "./reused-memory.js";
import { type SocketHandle, socketParts } from "./socket-handle.js";
import type { Transport } from "./transport.js";
import type { WriteSlabPool } from "./write-slab-pool.js";

const parts = socketParts();

/** Whether this runtime lets an accepted socket read into a buffer of ours. */
export const canShareReadBuffer: boolean = parts !== undefined;

/**
 * The buffer that the kernel's bytes are read into. All connections share one: the callback takes what it needs before it
 * returns, so nothing is allocated for a read and an idle connection owns no read buffer.
 *
 * `net.Socket` offers this mode (`onread`) for sockets that it opens; an accepted one is switched by the same three
 * assignments that its constructor makes. Where a runtime has no such parts, sockets are read by `data` events.
 */
export class ReadBuffer {
  readonly #memory: ReadMemory;
  readonly #bytes: Buffer;

  /** @param size bytes that one read takes at most */
  constructor(size: number) {
    this.#memory = new ReadMemory(size);
    this.#bytes = this.#memory.bytes;
    markReadBuffer(this.#bytes);
  }

  /** What finds frames in it, where this runtime has what that takes. */
  get scanner(): FrameScanner | undefined {
    return this.#memory.scanner;
  }

  /** The slabs of `size` bytes that belong to it, the same for all who ask for that size. */
  slabs(size: number): WriteSlabPool {
    return this.#memory.slabs(size);
  }

  /** Has everything that `socket` receives from now on given to its owner. A socket of Node's is left paused. */
  attach(socket: Transport): void {
    if (socket instanceof BareSocket) {
      socket.readInto(this.#bytes);
      return;
    }
    socket.pause();
    for (let chunk = readLeftOver(socket); chunk !== null; chunk = readLeftOver(socket)) {
      giveBytes(socket, chunk, chunk.length);
    }
    const handle = userBufferHandle(socket);
    if (parts === undefined || handle === undefined) {
      // What another duplex gives may be somebody else's too, and the receiver unmasks in place.
      socket.on("data", socket instanceof Socket ? giveChunk : giveCopy);
      return;
    }
    const members = socket as unknown as Record<symbol, unknown>;
    members[parts.buffer] = this.#bytes;
    members[parts.bufferCallback] = giveRead;
    handle.useUserBuffer(this.#bytes);
  }
}

function giveRead(this: Duplex, length: number, bytes: Buffer): boolean {
  giveBytes(this, bytes, length);
  return true;
}

function giveChunk(this: Duplex, chunk: Buffer): void {
  giveBytes(this, chunk, chunk.length);
}

function giveCopy(this: Duplex, chunk: Buffer): void {
  giveBytes(this, Buffer.from(chunk), chunk.length);
}

/** What the socket had read before it was ours. */
function readLeftOver(socket: Duplex): Buffer | null {
  return socket.readableLength > 0 ? (socket.read() as Buffer | null) : null;
}

function userBufferHandle(socket: Duplex): Pick<SocketHandle, "useUserBuffer"> | undefined {
  if (parts === undefined || !(socket instanceof Socket) || !(parts.buffer in socket)) return undefined;
  const handle = (socket as unknown as { readonly _handle?: Partial<SocketHandle> | null })._handle;
  return typeof handle?.useUserBuffer === "function" ? (handle as SocketHandle) : undefined;
}

const shared = new Map<number, ReadBuffer>();

/** The buffer of `size` bytes that all who ask for that size share. */
export function sharedReadBuffer(size: number): ReadBuffer {
  return obtain(shared, size, (each) => new ReadBuffer(each));
}
