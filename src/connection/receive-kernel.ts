import { Buffer } from "node:buffer";

import { applyMask } from "../protocol/index.js";

/** What is done with the bytes of a read, by offsets in the memory that it was made with. `receive-kernel.wat` says what each does. */
export interface ReceiveKernel {
  readonly unmask: (start: number, end: number, key: number) => number;
  readonly scan: (start: number, end: number, mostBytes: number, table: number, mostFrames: number) => number;
  readonly copy: (from: number, to: number, at: number) => void;
}

/** The part of WebAssembly that is used here; the types of Node have none of it. */
interface WebAssemblyApi {
  readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

/** `receive-kernel.wat`, assembled; a test compares them. */
const MODULE =
  "AGFzbQEAAAABFwNgA39/fwF/YAV/f39/fwF/YAN/f38AAgwBAAZtZW1vcnkCAAEDBAMAAQIHGAMGdW5tYXNrAAAEc2NhbgABBGNvcHkAAgrABAOEAgMDewR/BHsgAv0R" +
  "IQMgAUHAAGshCQJAA0AgACAJSg0BIAAgAP0ABAAgA/1RIgr9CwQAIAAgAP0ABBAgA/1RIgv9CwQQIAAgAP0ABCAgA/1RIgz9CwQgIAAgAP0ABDAgA/1RIg39CwQwIAUg" +
  "CiAL/VAgDCAN/VD9UP1QIQUgAEHAAGohAAwACwsgAUEQayEGAkADQCAAIAZKDQEgACAA/QAEACAD/VEiBP0LBAAgBSAE/VAhBSAAQRBqIQAMAAsLAkADQCAAIAFODQEg" +
  "ACAALQAAIAJzQf8BcSIHOgAAIAggB3IhCCACQQh4IQIgAEEBaiEADAALCyAIQYABQQAgBf1kG3IL2wEBBn8CQANAIAogBEYNASAAQQZqIgUgAUsNASAALwEAIQYgBkH/" +
  "AXFBgQFrQQFLDQEgBkGAgAJJDQEgBkEIdkH/AHEhByAHQf4ATwRAIAdB/wBGDQIgAEEIaiIFIAFLDQIgAC0AAkEIdCAALQADciEHIAdB/gBJDQILIAcgAksNASAFIAdq" +
  "IgggAUsNASAFIAggBUEEaygCABAAIQkgAyAFNgIAIAMgCDYCBCADQQBBAUECIAlBgAFJGyAGQQJxGzYCCCADQQxqIQMgCkEBaiEKIAghAAwACwsgCgtbAQF/IAFBEGsh" +
  "AwJAA0AgACADSg0BIAIgAP0ABAD9CwQAIABBEGohACACQRBqIQIMAAsLAkADQCAAIAFODQEgAiAALQAAOgAAIABBAWohACACQQFqIQIMAAsLCw==";

const PAGE_BYTES = 64 * 1024;

/** Below this many bytes `applyMask` is as quick as finding the kernel and calling it: 65 ns on Node 20, 40 on 24. */
const THRESHOLD_BYTES = 64;

const kernels = new WeakMap<ArrayBufferLike, ReceiveKernel>();
/** What was unmasked last by a kernel, one buffer nearly always: to ask it for its memory takes a fifth of a microsecond. */
let latest: { readonly bytes: Uint8Array; readonly at: number; readonly kernel: ReceiveKernel } | undefined;
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
    const { exports } = new WebAssembly.Instance(module, { "": { memory } });
    kernels.set(memory.buffer, exports as ReceiveKernel);
    return Buffer.from(memory.buffer, 0, size);
  } catch {
    hasFailed = true; // and would again, after V8 has collected all garbage to find address space
    return Buffer.allocUnsafeSlow(size);
  }
}

/** The kernel of the memory that `bytes` lie in; there where they are from `allocateReceiving`, and this runtime has what it takes. */
export function kernelOf(bytes: Uint8Array): ReceiveKernel | undefined {
  return kernels.get(bytes.buffer);
}

/** `applyMask`, and the same by the kernel where the bytes lie in memory of `allocateReceiving`. */
export function unmask(bytes: Uint8Array, start: number, end: number, key: number): number {
  if (end - start < THRESHOLD_BYTES) return applyMask(bytes, start, end, key);
  if (latest === undefined || latest.bytes !== bytes) {
    const kernel = kernelOf(bytes);
    if (kernel === undefined) return applyMask(bytes, start, end, key);
    latest = { bytes, at: bytes.byteOffset, kernel };
  }
  const { at, kernel } = latest;
  return kernel.unmask(at + start, at + end, inMemoryOrder(key));
}

/** A key in network order as WebAssembly, which is little-endian everywhere, reads it from memory. */
function inMemoryOrder(key: number): number {
  return (key >>> 24) | ((key >>> 8) & 0xff00) | ((key << 8) & 0xff_0000) | (key << 24);
}
