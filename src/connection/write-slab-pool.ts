import { Buffer } from "node:buffer";

import { SharedFrames } from "./shared-frames.js";
import { type SlabMemory, type SlabOwner, WriteSlab } from "./write-slab.js";

/** Slabs kept for reuse once nothing is in flight from them. */
const SPARE_SLABS = 16;

/**
 * Hands out slabs to write frames into. Many connections share one: a turn's frames for all of them lie side by side, and an
 * idle connection owns no write buffer at all.
 */
export class WriteSlabPool implements SlabOwner {
  /** Bytes in a slab: the most that one turn gathers before it is written out. */
  readonly slabSize: number;
  #current: WriteSlab;
  readonly #spare: WriteSlab[] = [];
  readonly #allocate: (size: number) => SlabMemory;
  #shared: SharedFrames | undefined;

  /** @param allocate where the memory of a slab comes from; it is not given back */
  constructor(slabSize: number, allocate: (size: number) => SlabMemory = allocateApart) {
    this.slabSize = slabSize;
    this.#allocate = allocate;
    this.#current = this.#another();
  }

  /** Frames that many connections are sent, in slabs of their own. */
  get shared(): SharedFrames {
    this.#shared ??= new SharedFrames(new WriteSlabPool(this.slabSize));
    return this.#shared;
  }

  /** A slab with room for `size` bytes, at most `slabSize`. */
  withRoom(size: number): WriteSlab {
    const current = this.#current;
    if (current.end - current.used >= size) return current;
    if (current.holds === 0) {
      current.beginAnew();
      return current;
    }
    current.isRetired = true;
    this.#current = this.#spare.pop() ?? this.#another();
    return this.#current;
  }

  /** Keeps a slab that nothing holds any more for reuse. */
  takeBack(slab: WriteSlab): void {
    if (this.#spare.length < SPARE_SLABS) this.#spare.push(slab);
  }

  #another(): WriteSlab {
    return new WriteSlab(this, this.#allocate(this.slabSize));
  }
}

/** Memory that a slab has for itself. */
export function allocateApart(size: number): SlabMemory {
  return { bytes: Buffer.allocUnsafeSlow(size), start: 0, end: size };
}
