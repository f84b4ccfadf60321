import type { Writable } from "node:stream";

const DONE: Promise<void> = Promise.resolve();

/**
 * Writes to stdout or stderr at the pace of whoever reads it, and loses nothing. When the reader has gone (`| head`), what is
 * written is dropped.
 */
export class OutputPipe {
  readonly #stream: Writable;
  #isGone = false;
  /** Goes on with who waits for the reader. */
  #goOn: (() => void) | undefined;

  /** @param onGone - Called when the reader has gone. */
  constructor(stream: Writable, onGone: () => void) {
    this.#stream = stream;
    stream.on("drain", () => this.#goOn?.());
    stream.on("error", () => {
      if (this.#isGone) return;
      this.#isGone = true;
      this.#goOn?.();
      onGone();
    });
  }

  /** Resolves when there is room for more. One call at a time waits; those after it wait together with it. */
  write(data: string | Uint8Array): Promise<void> {
    if (this.#isGone || this.#stream.write(data)) return DONE;
    return new Promise((resolve) => {
      const before = this.#goOn;
      this.#goOn = (): void => {
        this.#goOn = undefined;
        before?.();
        resolve();
      };
    });
  }

  /** Resolves when all that was written is with the reader, or the reader has gone. */
  async flush(): Promise<void> {
    if (this.#isGone || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      this.#stream.once("error", () => resolve());
      this.#stream.write("", () => resolve());
    });
  }
}
