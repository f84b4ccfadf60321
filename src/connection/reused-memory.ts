import { allocateReceiving } from "./receive-kernel.js";
import type { HeldMemory } from "./holds.js";

/**
 * What each of them has: the longest message that connections take by default. A page of it that no message has reached takes no memory.
 * Of one size, any of them does for any message, and none is made in place of another: to make one takes 3 ms.
 */
const BYTES = 1024 * 1024;
/** Shorter messages are gathered in memory of their own: a peer that is slow with them must not hold more than they need. */
const LEAST_BYTES = 64 * 1024;
/** How many there are at most. While all are in use, messages are gathered in memory of their own. */
const MOST = 16;

/** Memory that long messages are received in, one after the other. It is used again when nobody holds it any more. */
export class ReusedMemory implements HeldMemory {
  readonly bytes: Uint8Array;
  #holds = 0;
  #isAbandoned = false;

  constructor() {
    this.bytes = allocateReceiving(BYTES);
    memories.set(this.bytes.buffer, this);
    count++;
  }

  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.#holds === 0 && !this.#isAbandoned) spare.push(this);
  }

  /** Has another made in its place: nobody knows whether it will be released. */
  abandon(): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    count--;
  }
}

/** A part of it that can be read into. */
export interface Room {
  readonly bytes: Uint8Array;
  readonly memory: ReusedMemory;
}

/** Stands for the memory that all connections are read into, which nobody can hold: the next read overwrites it. */
export const READ_BUFFER: unique symbol = Symbol("read buffer");

const memories = new WeakMap<ArrayBufferLike, ReusedMemory | typeof READ_BUFFER>();
const spare: ReusedMemory[] = [];
let count = 0;

/**
 * Memory for a message that needs `size` bytes now, and `announced` in the end; held once. Undefined where it should have memory of its
 * own.
 */
export function memoryFor(size: number, announced: number): ReusedMemory | undefined {
  if (size < LEAST_BYTES || Math.max(size, announced) > BYTES) return undefined;
  const memory = spare.pop() ?? (count < MOST ? new ReusedMemory() : undefined);
  memory?.hold();
  return memory;
}

/** Makes known that whatever is read next overwrites `bytes`. */
export function markReadBuffer(bytes: Uint8Array): void {
  memories.set(bytes.buffer, READ_BUFFER);
}

/** The memory that `bytes` lie in, if something else will come to lie there: they are those of a borrowed message. */
export function memoryOf(bytes: Uint8Array): ReusedMemory | typeof READ_BUFFER | undefined {
  return memories.get(bytes.buffer);
}

/** `bytes`, or a copy of those of a borrowed message: they stay as they are. */
export function lasting<T>(value: T): T | Uint8Array {
  return value instanceof Uint8Array && memories.has(value.buffer) ? new Uint8Array(value) : value;
}
