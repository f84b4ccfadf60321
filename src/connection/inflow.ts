import { Buffer } from "node:buffer";

import type { Feed } from "./frame-watch.js";

const NOTHING = Buffer.alloc(0);

/** What an inflow asks of the connection that it belongs to. */
export interface InflowOwner {
  /** Whether nobody takes a further message now. */
  readonly isBlocked: boolean;
  pauseReading(): void;
  resumeReading(): void;
  /** What was kept has been gone through as far as it is taken. */
  onPumped(): void;
}

/**
 * Feeds the receiver, and holds back where nobody takes the messages. What is left of a chunk when its reader stops is
 * kept (a copy, for the chunk is borrowed); the socket is paused when another chunk comes on top. So at most two reads are
 * held per connection, and a reader that is back within the turn costs no pause at all.
 */
export class Inflow {
  readonly #receiver: Feed;
  readonly #owner: InflowOwner;
  #kept: Buffer | undefined;
  #keptFrom = 0;
  /** What has come while something was gone through: from a duplex in memory, within a write of ours. */
  #behind: Buffer | undefined;
  #isPushing = false;
  #isPaused = false;
  #isPumpDue = false;

  constructor(receiver: Feed, owner: InflowOwner) {
    this.#receiver = receiver;
    this.#owner = owner;
  }

  /** Whether something received waits for whoever takes the messages, or would if it came. */
  get isBehind(): boolean {
    return this.#kept !== undefined || this.#isPaused;
  }

  /** Whether nothing is kept, under way or due. */
  get isAtRest(): boolean {
    return this.#kept === undefined && !this.#isPaused && !this.#isPumpDue && !this.#isPushing;
  }

  /** Whether everything received has been through the receiver. */
  get isEmpty(): boolean {
    return this.#kept === undefined;
  }

  /** Takes the first `length` bytes of `chunk` from the socket. */
  read(chunk: Buffer, length: number): void {
    if (this.#isPushing) {
      this.#behind = Buffer.concat([this.#behind ?? NOTHING, chunk.subarray(0, length)]);
      return;
    }
    if (this.#kept !== undefined || this.#owner.isBlocked) {
      this.#keep(chunk, 0, length);
      if (this.#isPaused) return;
      this.#isPaused = true;
      this.#owner.pauseReading();
      return;
    }
    const taken = this.#push(chunk, 0, length);
    if (taken === length && this.#behind === undefined) return;
    if (taken < length) this.#keep(chunk, taken, length);
    this.#keepBehind();
    this.pumpSoon();
  }

  /** Goes on with what was kept, as far as messages are taken, and then with the socket. */
  pump(): void {
    if (this.#isPushing) return;
    while (this.#kept !== undefined && !this.#owner.isBlocked) {
      const kept = this.#kept;
      this.#keptFrom = this.#push(kept, this.#keptFrom, kept.length);
      if (this.#keptFrom === kept.length) this.#kept = undefined;
      this.#keepBehind();
    }
    if (this.#kept === undefined && this.#isPaused && !this.#owner.isBlocked) {
      this.#isPaused = false;
      this.#owner.resumeReading();
    }
    this.#owner.onPumped();
  }

  /**
   * Has `pump` called after this turn, when something is kept or may wait in the socket. A reader that is quick comes back before that by
   * itself; one that never does must not keep a close frame behind its message from being seen.
   */
  pumpSoon(): void {
    if (!this.isBehind || this.#isPumpDue) return;
    this.#isPumpDue = true;
    setImmediate(pumpDue, this);
  }

  /** What `pumpSoon` has scheduled. */
  pumpNow(): void {
    this.#isPumpDue = false;
    this.pump();
  }

  #push(chunk: Buffer, start: number, end: number): number {
    this.#isPushing = true;
    try {
      return this.#receiver.push(chunk, start, end);
    } finally {
      this.#isPushing = false;
    }
  }

  #keepBehind(): void {
    const behind = this.#behind;
    if (behind === undefined) return;
    this.#behind = undefined;
    this.#keep(behind, 0, behind.length);
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const fresh = chunk.subarray(start, end);
    this.#kept =
      this.#kept === undefined ? Buffer.from(fresh) : Buffer.concat([this.#kept.subarray(this.#keptFrom), fresh]);
    this.#keptFrom = 0;
  }
}

function pumpDue(inflow: Inflow): void {
  inflow.pumpNow();
}
