import type { Buffer } from "node:buffer";

import { obtain } from "../internal/obtain.js";
import type { FrameScanner } from "../protocol/index.js";
import { ReadScanner, SCANNER_BYTES } from "./read-scanner.js";
import { allocateReceiving, kernelOf, type ReceiveKernel } from "./receive-kernel.js";
import { allocateApart, WriteSlabPool } from "./write-slab-pool.js";
import type { SlabMemory } from "./write-slab.js";

/** Room for slabs. Pages of it that no frame has reached take no memory. */
const SLAB_ROOM = 256 * 1024;

/**
 * The bytes that are read into, behind them what a scanner finds there, and behind that slabs to write from: side by side, so that one
 * kernel reaches them all.
 */
export class ReadMemory {
  /** What is read into. */
  readonly bytes: Buffer;
  /** What finds frames in them, where this runtime has what that takes. */
  readonly scanner: FrameScanner | undefined;
  readonly #whole: Buffer;
  readonly #kernel: ReceiveKernel | undefined;
  /** Up to where it is used. */
  #used: number;
  readonly #slabs = new Map<number, WriteSlabPool>();

  /** @param size bytes to read into */
  constructor(size: number) {
    this.#whole = allocateReceiving(size + SCANNER_BYTES + SLAB_ROOM);
    this.bytes = this.#whole.subarray(0, size);
    this.#kernel = kernelOf(this.#whole);
    this.scanner = this.#kernel === undefined ? undefined : new ReadScanner(this.#kernel, this.bytes);
    this.#used = size + SCANNER_BYTES;
  }

  /** The slabs of `size` bytes, the same for all who ask for that size. The first of them lie here, those beyond apart. */
  slabs(size: number): WriteSlabPool {
    return obtain(this.#slabs, size, (each) => new WriteSlabPool(each, (slabSize) => this.#allocate(slabSize)));
  }

  #allocate(size: number): SlabMemory {
    const start = this.#used;
    const end = start + size;
    if (this.#kernel === undefined || end > this.#whole.length) return allocateApart(size);
    this.#used = end;
    return { bytes: this.#whole, start, end, beside: { bytes: this.bytes, copy: this.#kernel.copy } };
  }
}
