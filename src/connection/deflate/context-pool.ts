import { type CompressionMemory, compressionMemory } from "./compression-memory.js";

/** What a pool holds: a context that can begin anew. */
export interface PooledContext {
  /** Whether it can. */
  readonly canReset: boolean;
  reset(): void;
  close(): void;
}

/** Contexts kept for reuse while nobody needs them. */
const SPARE_CONTEXTS = 4;

/**
 * Contexts that belong to no connection. Whoever takes one has it to itself for a message, or a turn, and gives it back; so
 * connections that keep no context between messages share as many as are at work at once, in the turn a single one.
 */
export class ContextPool<Context extends PooledContext> {
  readonly #create: () => Context;
  readonly #contextBytes: number;
  readonly #memory: CompressionMemory;
  readonly #spare: Context[] = [];

  /** @param contextBytes what one takes of `memory` */
  constructor(create: () => Context, contextBytes: number, memory: CompressionMemory = compressionMemory) {
    this.#create = create;
    this.#contextBytes = contextBytes;
    this.#memory = memory;
  }

  /** A context without a past. */
  take(): Context {
    const spare = this.#spare.pop();
    if (spare !== undefined) return spare;
    this.#memory.take(this.#contextBytes);
    return this.#create();
  }

  /** Takes back what `take` gave out, in whatever state it is. */
  giveBack(context: Context): void {
    if (context.canReset && this.#spare.length < SPARE_CONTEXTS) {
      context.reset();
      this.#spare.push(context);
      return;
    }
    context.close();
    this.#memory.release(this.#contextBytes);
  }
}
