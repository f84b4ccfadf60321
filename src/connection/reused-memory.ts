import type { Buffer } from "node:buffer";

import { allocateReceiving } from "./mask-kernel.js";

/** Shorter messages are gathered in memory of their own: a peer that is slow with them must not hold more than they need. */
const LEAST_BYTES = 64 * 1024;
/** So many may be in use at once, for each reserves address space; further messages are gathered in memory of their own. */
const MOST_IN_USE = 64;
/** Bytes kept for the next message. */
const MOST_SPARE_BYTES = 16 * 1024 * 1024;

/** Stands for what nobody can hold: the next read of any connection goes there. */
const READ_BUFFER: unique symbol = Symbol("read buffer");

/** A part of it that can be read into. */
export interface Room {
  readonly bytes: Uint8Array;
  readonly memory: ReusedMemory;
}

/** Memory that one message after the other is received in. It is used again when nobody holds it any more. */
export class ReusedMemory {
  readonly bytes: Buffer;
  #holds = 1;

  constructor(size: number) {
    this.bytes = allocateReceiving(size);
    memories.set(this.bytes.buffer, this);
  }

  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.#holds > 0) return;
    inUse--;
    if (spareBytes + this.bytes.length > MOST_SPARE_BYTES) return;
    spare.push(this);
    spareBytes += this.bytes.length;
  }
}

const memories = new WeakMap<ArrayBufferLike, ReusedMemory | typeof READ_BUFFER>();
const spare: ReusedMemory[] = [];
let spareBytes = 0;
let inUse = 0;

/** Memory of at least `size` bytes, held once; undefined where that is better made for the message alone. */
export function roomyMemory(size: number): ReusedMemory | undefined {
  if (size < LEAST_BYTES || size > MOST_SPARE_BYTES || inUse === MOST_IN_USE) return undefined;
  inUse++;
  const at = spare.findLastIndex(({ bytes }) => bytes.length >= size);
  if (at < 0) return new ReusedMemory(2 ** Math.ceil(Math.log2(size)));
  const [found] = spare.splice(at, 1) as [ReusedMemory];
  spareBytes -= found.bytes.length;
  found.hold();
  return found;
}

/** Makes known that whatever is read next overwrites `bytes`. */
export function markReadBuffer(bytes: Uint8Array): void {
  memories.set(bytes.buffer, READ_BUFFER);
}

/** Whether `bytes` lie in memory that will be used for something else: those of a borrowed message. */
export function isReused(bytes: Uint8Array): boolean {
  return memories.has(bytes.buffer);
}

/** The memory that `bytes` lie in, if it is such and can be held. */
export function reusedMemoryOf(bytes: Uint8Array): ReusedMemory | undefined {
  const memory = memories.get(bytes.buffer);
  return memory === READ_BUFFER ? undefined : memory;
}
