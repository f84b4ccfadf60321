import { Buffer } from "node:buffer";

/** Slabs kept for reuse once nothing is in flight from them. */
const SPARE_SLABS = 16;

/** One stretch of memory that frames are written into, one after the other. */
export class WriteSlab {
  readonly bytes: Buffer;
  used = 0;
  /** Runs of frames in here that the kernel has not taken yet. The slab is written anew only when there are none. */
  holds = 0;
  readonly #pool: WriteSlabPool;

  constructor(pool: WriteSlabPool) {
    this.#pool = pool;
    this.bytes = Buffer.allocUnsafeSlow(pool.slabSize);
  }

  /** Gives up one hold; without holds the slab is written anew. */
  release(): void {
    this.holds--;
    if (this.holds > 0) return;
    this.used = 0;
    this.#pool.takeBack(this);
  }
}

/**
 * Hands out slabs to write frames into. Many connections share one: a turn's frames for all of them lie side by side, and an
 * idle connection owns no write buffer at all.
 */
export class WriteSlabPool {
  /** Bytes in a slab: the most that one turn gathers before it is written out. */
  readonly slabSize: number;
  #current: WriteSlab;
  readonly #spare: WriteSlab[] = [];

  constructor(slabSize: number) {
    this.slabSize = slabSize;
    this.#current = new WriteSlab(this);
  }

  /** A slab with room for `size` bytes, at most `slabSize`. */
  withRoom(size: number): WriteSlab {
    const current = this.#current;
    if (this.slabSize - current.used >= size) return current;
    if (current.holds === 0) current.used = 0;
    else this.#current = this.#spare.pop() ?? new WriteSlab(this);
    return this.#current;
  }

  /** Keeps a slab that nothing holds any more for reuse. */
  takeBack(slab: WriteSlab): void {
    if (slab !== this.#current && this.#spare.length < SPARE_SLABS) this.#spare.push(slab);
  }
}
