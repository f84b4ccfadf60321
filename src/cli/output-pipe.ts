import type { Writable } from "node:stream";
import { CliError, messageOf } from "./cli-error.js";

const DONE: Promise<void> = Promise.resolve();

/**
 * Writes to stdout or stderr at the pace of whoever reads it, and loses nothing. When the reader has gone (`| head`), what is
 * written is dropped; so it is where it cannot be written, as on a full disk, which `finish` tells.
 */
export class OutputPipe {
  readonly #stream: Writable;
  readonly #onGone: () => void;
  #isGone = false;
  #failure: CliError | undefined;
  /** Goes on with who waits for the reader. */
  #goOn: (() => void) | undefined;

  /** @param onGone - Called when nothing can be written any more. */
  constructor(stream: Writable, onGone: () => void) {
    this.#stream = stream;
    this.#onGone = onGone;
    stream.on("drain", () => this.#goOn?.());
    stream.on("error", (error) => this.#fail(error));
  }

  /** What has kept the output from being written, other than that its reader has gone. */
  get failure(): CliError | undefined {
    return this.#failure;
  }

  /** Resolves when there is room for more. One call at a time waits; those after it wait together with it. */
  write(data: string | Uint8Array): Promise<void> {
    // A write calls back before the stream tells of its error, so that whoever flushes knows it.
    if (this.#isGone || this.#stream.write(data, (error) => this.#fail(error))) return DONE;
    return new Promise((resolve) => {
      const before = this.#goOn;
      this.#goOn = (): void => {
        this.#goOn = undefined;
        before?.();
        resolve();
      };
    });
  }

  /** Resolves when all that was written is with the reader, or nothing can be written any more. */
  async flush(): Promise<void> {
    if (this.#isGone) return;
    await new Promise<void>((resolve) => {
      this.#stream.once("error", () => resolve());
      this.#stream.write("", () => resolve());
    });
  }

  /**
   * Flushes for the last time.
   *
   * @throws CliError (as a rejection) where something could not be written, and the reader was there.
   */
  async finish(): Promise<void> {
    await this.flush();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: NodeJS.ErrnoException | null | undefined): void {
    if (error === null || error === undefined || this.#isGone) return;
    this.#isGone = true;
    if (error.code !== "EPIPE") {
      this.#failure = new CliError(`cannot write the output: ${messageOf(error)}`, undefined, { cause: error });
    }
    this.#goOn?.();
    this.#onGone();
  }
}
