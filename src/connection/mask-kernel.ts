import { Buffer } from "node:buffer";

import { applyMask } from "../protocol/index.js";

/** What the kernel does: `applyMask` on the memory that it was made with, the key in memory order. */
type Kernel = (start: number, end: number, key: number) => number;

/** The part of WebAssembly that is used here; the types of Node have none of it. */
interface WebAssemblyApi {
  readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

/** `mask-kernel.wat`, assembled; a test compares them. */
const MODULE =
  "AGFzbQEAAAABCAFgA39/fwF/AgwBAAZtZW1vcnkCAAEDAgEABwoBBnVubWFzawAACocCAYQCAwN7BH8EeyAC/REhAyABQcAAayEJAkADQCAAIAlKDQEgACAA/QAE" +
  "ACAD/VEiCv0LBAAgACAA/QAEECAD/VEiC/0LBBAgACAA/QAEICAD/VEiDP0LBCAgACAA/QAEMCAD/VEiDf0LBDAgBSAKIAv9UCAMIA39UP1Q/VAhBSAAQcAAaiEA" +
  "DAALCyABQRBrIQYCQANAIAAgBkoNASAAIAD9AAQAIAP9USIE/QsEACAFIAT9UCEFIABBEGohAAwACwsCQANAIAAgAU4NASAAIAAtAAAgAnNB/wFxIgc6AAAgCCAH" +
  "ciEIIAJBCHghAiAAQQFqIQAMAAsLIAhBgAFBACAF/WQbcgs=";

const PAGE_BYTES = 64 * 1024;

/** Below this many bytes `applyMask` is as quick as finding the kernel and calling it: 65 ns on Node 20, 40 on 24. */
const THRESHOLD_BYTES = 64;

const kernels = new WeakMap<ArrayBufferLike, Kernel>();
/** What was unmasked last by a kernel, one buffer nearly always: to ask it for its memory takes a fifth of a microsecond. */
let latest: { readonly bytes: Uint8Array; readonly at: number; readonly kernel: Kernel } | undefined;
let module: object | undefined;
let hasFailed = false;

/**
 * Memory to receive into that `unmask` is quick with: 16 KiB take 0.3 instead of 11.8 µs, by WebAssembly with SIMD. Where a runtime
 * has none of that, or no address space for its guard pages, any memory.
 */
export function allocateReceiving(size: number): Buffer {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyApi };
  if (WebAssembly === undefined || hasFailed) return Buffer.allocUnsafeSlow(size);
  try {
    module ??= new WebAssembly.Module(Buffer.from(MODULE, "base64"));
    const memory = new WebAssembly.Memory({ initial: Math.ceil(size / PAGE_BYTES) });
    const { unmask: kernel } = new WebAssembly.Instance(module, { "": { memory } }).exports as { unmask: Kernel };
    kernels.set(memory.buffer, kernel);
    return Buffer.from(memory.buffer, 0, size);
  } catch {
    hasFailed = true; // and would again, after V8 has collected all garbage to find address space
    return Buffer.allocUnsafeSlow(size);
  }
}

/** `applyMask`, and the same by the kernel where the bytes lie in memory of `allocateReceiving`. */
export function unmask(bytes: Uint8Array, start: number, end: number, key: number): number {
  if (end - start < THRESHOLD_BYTES) return applyMask(bytes, start, end, key);
  if (latest === undefined || latest.bytes !== bytes) {
    const kernel = kernels.get(bytes.buffer);
    if (kernel === undefined) return applyMask(bytes, start, end, key);
    latest = { bytes, at: bytes.byteOffset, kernel };
  }
  const { at, kernel } = latest;
  return kernel(at + start, at + end, inMemoryOrder(key));
}

/** A key in network order as WebAssembly, which is little-endian everywhere, reads it from memory. */
function inMemoryOrder(key: number): number {
  return (key >>> 24) | ((key >>> 8) & 0xff00) | ((key << 8) & 0xff_0000) | (key << 24);
}
