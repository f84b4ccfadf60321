import { MaskKeys, WriteSlabPool } from "../connection/index.js";
import { obtain } from "../internal/obtain.js";

const writeSlabs = new Map<number, WriteSlabPool>();
let maskKeys: MaskKeys | undefined;

/** The write buffers of this size, which all connections share that ask for the size. */
export function sharedWriteSlabs(size: number): WriteSlabPool {
  return obtain(writeSlabs, size, (each) => new WriteSlabPool(each));
}

/** The one pool of mask keys. */
export function sharedMaskKeys(): MaskKeys {
  return (maskKeys ??= new MaskKeys());
}
