/** What a `BufferedAmount` asks: how much is queued, frame headers included. */
export interface Buffering {
  readonly bufferedBytes: number;
}

/**
 * The attribute `bufferedAmount`: bytes of messages that the kernel has not taken. It never falls within the task that has sent,
 * and what is sent to a WebSocket that is closing or closed stays in it for ever.
 */
export class BufferedAmount {
  #queued = 0;
  #dropped = 0;
  #isTaskOver = true;

  /** What to say; `source` is undefined once nothing is taken any more. */
  read(source: Buffering | undefined): number {
    this.settle(source);
    return this.#queued + this.#dropped;
  }

  /** A message of so many bytes is about to be queued at `source`. */
  queue(bytes: number, source: Buffering): void {
    this.settle(source);
    this.#queued += bytes;
    if (!this.#isTaskOver) return;
    this.#isTaskOver = false;
    setImmediate(endTask, this);
  }

  /** A message of so many bytes was given to a WebSocket that is not open. */
  drop(bytes: number): void {
    this.#dropped += bytes;
  }

  /** Takes off what has been taken, once the task that has sent is over. */
  settle(source: Buffering | undefined): void {
    // Frame headers, at most 14 bytes a message, are among `bufferedBytes`: at 0 it is exact, above that it is so far too high.
    if (this.#isTaskOver && source !== undefined) this.#queued = Math.min(this.#queued, source.bufferedBytes);
  }

  /** Everything that was queued went out, in front of our close frame. */
  clear(): void {
    this.#queued = 0;
  }

  endTask(): void {
    this.#isTaskOver = true;
  }
}

function endTask(amount: BufferedAmount): void {
  amount.endTask();
}
