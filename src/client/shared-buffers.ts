import { MaskKeys, WriteSlabPool } from "../connection/index.js";

const writeSlabs = new Map<number, WriteSlabPool>();
let maskKeys: MaskKeys | undefined;

/** The write buffers of this size, which all connections share that ask for the size. */
export function sharedWriteSlabs(size: number): WriteSlabPool {
  let shared = writeSlabs.get(size);
  if (shared === undefined) {
    shared = new WriteSlabPool(size);
    writeSlabs.set(size, shared);
  }
  return shared;
}

/** The one pool of mask keys. */
export function sharedMaskKeys(): MaskKeys {
  return (maskKeys ??= new MaskKeys());
}
