import { vi } from "vitest";

/** Bytes that `action` allocates in typed arrays of bytes, those that it lets go included. Views count nothing. */
export function bytesAllocatedBy(action: () => void): number {
  let bytes = 0;
  class CountingUint8Array extends Uint8Array {
    constructor(...parameters: [number] | [ArrayBufferLike, number?, number?]) {
      super(...(parameters as [ArrayBuffer]));
      if (typeof parameters[0] === "number") bytes += parameters[0];
    }
  }
  vi.stubGlobal("Uint8Array", CountingUint8Array);
  try {
    action();
  } finally {
    vi.unstubAllGlobals();
  }
  return bytes;
}
