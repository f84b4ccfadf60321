import { MaskKeys, ReadBuffer, WriteSlabPool } from "../connection/index.js";

const readBuffers = new Map<number, ReadBuffer>();
const writeSlabs = new Map<number, WriteSlabPool>();
let maskKeys: MaskKeys | undefined;

/** The read buffer of this size, which all connections share that ask for the size. */
export function sharedReadBuffer(size: number): ReadBuffer {
  return obtain(readBuffers, size, () => new ReadBuffer(size));
}

/** The same for write buffers. */
export function sharedWriteSlabs(size: number): WriteSlabPool {
  return obtain(writeSlabs, size, () => new WriteSlabPool(size));
}

/** The one pool of mask keys. */
export function sharedMaskKeys(): MaskKeys {
  return (maskKeys ??= new MaskKeys());
}

function obtain<T>(pool: Map<number, T>, size: number, make: () => T): T {
  let shared = pool.get(size);
  if (shared === undefined) {
    shared = make();
    pool.set(size, shared);
  }
  return shared;
}
