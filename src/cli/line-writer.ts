import type { Writable } from "node:stream";

/** What may wait for whoever reads the output: above it lines are left out instead of filling memory. */
const MAX_WAITING_CHARACTERS = 1024 * 1024;

/**
 * Writes lines to stdout or stderr without ever holding up or bringing down the program: a reader that is slow, stopped
 * (Ctrl-S) or gone (`| head`) costs lines, told by one that counts them, and nothing else. The lines of one turn go out in
 * one write.
 */
export class LineWriter {
  readonly #stream: Writable;
  readonly #describeGap: (lines: number) => string;
  #pending = "";
  #leftOut = 0;
  #isScheduled = false;
  #isGone = false;

  /**
   * @param stream - Where the lines go.
   * @param describeGap - The line that stands for so many lines that were left out.
   */
  constructor(stream: Writable, describeGap: (lines: number) => string) {
    this.#stream = stream;
    this.#describeGap = describeGap;
    unblockTerminal(stream);
    stream.on("error", () => {
      this.#isGone = true; // EPIPE, EIO: nobody reads any more
      this.#pending = "";
    });
    stream.on("drain", () => this.#tellGap());
  }

  write(line: string): void {
    if (this.#isGone) return;
    const waiting = this.#pending.length + this.#stream.writableLength;
    // Once lines are missing the reader must catch up by half first: one gap is better than many.
    const most = this.#leftOut > 0 ? MAX_WAITING_CHARACTERS / 2 : MAX_WAITING_CHARACTERS;
    if (waiting + line.length > most) {
      this.#leftOut += 1;
      return;
    }
    this.#tellGap();
    this.#pending += `${line}\n`;
    this.#schedule();
  }

  /** Resolves when everything is with the reader, or after `deadlineMs` if the reader does not take it. */
  async flush(deadlineMs: number): Promise<void> {
    this.#tellGap();
    this.#writePending();
    if (this.#isGone || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      const settle = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#stream.once("error", settle);
      this.#stream.write("", settle);
    });
  }

  #tellGap(): void {
    if (this.#leftOut === 0) return;
    this.#pending += `${this.#describeGap(this.#leftOut)}\n`;
    this.#leftOut = 0;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#writePending();
    });
  }

  #writePending(): void {
    if (this.#pending === "" || this.#isGone) return;
    this.#stream.write(this.#pending);
    this.#pending = "";
  }
}

/**
 * Node writes to a terminal with blocking calls, so that one Ctrl-S in it stops every connection of the server. The handle's
 * own switch for that is not documented; where it is missing the terminal stays as it was.
 */
function unblockTerminal(stream: Writable): void {
  if ("isTTY" in stream && stream.isTTY === true && "_handle" in stream && hasBlockingSwitch(stream._handle)) {
    stream._handle.setBlocking(false);
  }
}

function hasBlockingSwitch(handle: unknown): handle is { setBlocking(isBlocking: boolean): unknown } {
  return (
    typeof handle === "object" && handle !== null && "setBlocking" in handle && typeof handle.setBlocking === "function"
  );
}
