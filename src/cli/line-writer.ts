import type { Writable } from "node:stream";

/** What may wait for whoever reads the output: above it lines are left out instead of filling memory. */
const MAX_WAITING_CHARACTERS = 1024 * 1024;

/** The errors by which a pipe, a terminal or a closed descriptor says that nobody reads any more. */
const GONE: ReadonlySet<string | undefined> = new Set(["EPIPE", "EIO", "EBADF"]);

/** What the owner of a writer says of it. */
export interface LineWriterOwner {
  /** The line that stands for so many lines that were left out: the reader was too slow or, where there is one, for `cause`. */
  readonly describeGap: (lines: number, cause: Error | undefined) => string;
  /** Takes what keeps lines from being written, as a full disk does, once until there is room again. */
  readonly onTrouble: (error: Error) => void;
}

/**
 * Writes lines to stdout or stderr without ever holding up or bringing down the program: a reader that is slow, stopped
 * (Ctrl-S) or gone (`| head`), or a full disk, costs lines, told by one that counts them, and nothing else. The lines of one turn
 * go out in one write.
 */
export class LineWriter {
  readonly #stream: Writable;
  readonly #owner: LineWriterOwner;
  #pending = "";
  /** How many lines are in `#pending`; one that tells of a gap counts for those that it tells of. */
  #pendingLines = 0;
  #leftOut = 0;
  /** Why the last write has failed. */
  #trouble: Error | undefined;
  #isScheduled = false;
  #isGone = false;

  constructor(stream: Writable, owner: LineWriterOwner) {
    this.#stream = stream;
    this.#owner = owner;
    unblockTerminal(stream);
    stream.on("error", (error) => this.#fail(error));
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
    this.#add(line, 1);
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
    // A disk that was filling up has taken a part of the last line.
    const start = this.#trouble === undefined ? "" : "\n";
    this.#add(start + this.#owner.describeGap(this.#leftOut, this.#trouble), this.#leftOut);
    this.#leftOut = 0;
  }

  #add(line: string, lines: number): void {
    this.#pending += `${line}\n`;
    this.#pendingLines += lines;
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
    const lines = this.#pendingLines;
    this.#stream.write(this.#pending, (error) => this.#onWritten(lines, error));
    this.#pending = "";
    this.#pendingLines = 0;
  }

  #onWritten(lines: number, error: Error | null | undefined): void {
    if (error === null || error === undefined) {
      this.#trouble = undefined;
      return;
    }
    this.#leftOut += lines;
    this.#fail(error);
  }

  /** Where the reader is there still, as a full disk is, every line is another try. */
  #fail(error: NodeJS.ErrnoException): void {
    if (GONE.has(error.code)) {
      this.#isGone = true;
      this.#pending = "";
    } else if (this.#trouble === undefined) {
      this.#trouble = error;
      this.#owner.onTrouble(error);
    }
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
