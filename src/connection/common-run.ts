import type { SharedFrames } from "./shared-frames.js";
import type { WriteSlab } from "./write-slab.js";

/**
 * Frames that many connections are to be sent next, at the end of what each has gathered: the same bytes for all. While that is so, a frame
 * that all of them are sent is added once. Whoever of them writes, or is sent anything else, ends the run, and has of it what there is by
 * then.
 */
export class CommonRun {
  readonly slab: WriteSlab;
  readonly #frames: SharedFrames;
  #end: number;
  /** Bytes that may be added before the first of the connections would write by itself. */
  #room = Number.POSITIVE_INFINITY;
  #isOver = false;

  /** @param frames where they lie: they end with the one that was put last */
  constructor(frames: SharedFrames) {
    this.slab = frames.slab;
    this.#frames = frames;
    this.#end = frames.end;
  }

  /** Where the last of them ends in the slab. */
  get end(): number {
    return this.#end;
  }

  /** One more connection is sent what is added, which can take fewer than `room` bytes. */
  admit(room: number): void {
    this.#room = Math.min(this.#room, room);
  }

  /** Adds `frame` for all of them; returns whether that could be. */
  append(frame: Uint8Array): boolean {
    if (this.#isOver || frame.length >= this.#room) return false;
    const frames = this.#frames;
    frames.put(frame);
    if (frames.slab !== this.slab || frames.at !== this.#end) return false;
    this.#end = frames.end;
    this.#room -= frame.length;
    return true;
  }

  /** Nothing is added any more. */
  close(): void {
    this.#isOver = true;
  }
}
