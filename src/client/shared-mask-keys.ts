import { MaskKeys } from "../connection/index.js";

let maskKeys: MaskKeys | undefined;

/** The one pool of mask keys. */
export function sharedMaskKeys(): MaskKeys {
  return (maskKeys ??= new MaskKeys());
}
