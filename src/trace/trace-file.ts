import { access, constants, type FileHandle, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { isThenable } from "../internal/thenable.js";
import { TraceError } from "./trace-error.js";
import { firstRecordOf } from "./trace-start.js";

/** Who made the trace, and nobody else, may read it. */
const OWNER_ONLY = 0o600;

/** What may wait for the disk, in bytes; above it records are dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** No line of ours is longer, unless a peer has made it so. */
const MAX_LINE_BYTES = 16 * 1024;

/** What a file is made of. */
export interface TraceFileSetup {
  readonly path: string;
  /** Bytes of one file; at most one more file of that size is kept. */
  readonly maxFileBytes: number;
  /** The line that every file begins with. */
  readonly firstLine: () => string;
  /** The line that stands for records that are missing. */
  readonly gapLine: (records: number) => string;
  /** Takes the error that has ended the writing. */
  readonly onError: (error: TraceError) => void;
}

/**
 * Lines on their way to a file, of ASCII. It never holds anybody up: while the disk is slow, lines gather to a limit and are then dropped,
 * with one line that counts them. A full file is renamed to `PATH.1`, in place of an earlier one.
 */
export class TraceFile {
  readonly #setup: TraceFileSetup;
  /** There once the file has been begun. */
  #handle: FileHandle | undefined;
  #fileBytes = 0;
  #lines: string[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #droppedInAll = 0;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  /** There once it is being closed. */
  #closing: Promise<void> | undefined;

  private constructor(setup: TraceFileSetup) {
    this.#setup = setup;
  }

  /**
   * Begins a new file. Where a trace of that name is there, it is left alone until there is a line to write: it is kept as `PATH.1` then.
   *
   * @throws TraceError (as a rejection) where it cannot, or where one of the two names belongs to something else.
   */
  static async open(setup: TraceFileSetup): Promise<TraceFile> {
    const { path } = setup;
    try {
      const file = new TraceFile(setup);
      // Who opens this may never get going, and the trace that is there may be of somebody who runs.
      if (await hasTrace(path)) await access(dirname(path), constants.W_OK);
      else await file.#begin();
      return file;
    } catch (error) {
      throw errorOf(error, path);
    }
  }

  /** Lines that were dropped until now. */
  get dropped(): number {
    return this.#droppedInAll;
  }

  write(line: string): void {
    const hasRoom = this.#waitingBytes + line.length <= MAX_WAITING_BYTES && line.length < MAX_LINE_BYTES;
    if (!hasRoom || this.#hasFailed || this.#closing !== undefined) {
      this.#dropped++;
      this.#droppedInAll++;
      return;
    }
    this.#tellGap();
    this.#add(line);
    this.#writing ??= this.#writeAll();
  }

  /** Writes what waits, and closes the file. Further calls return the same promise. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (!this.#hasFailed) this.#tellGap();
    this.#writing ??= this.#writeAll();
    await this.#writing;
    await this.#handle?.close().catch(ignore);
  }

  #tellGap(): void {
    if (this.#dropped === 0) return;
    this.#add(this.#setup.gapLine(this.#dropped));
    this.#dropped = 0;
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#waitingBytes += line.length + 1;
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve(); // the lines of one turn go out together
    try {
      while (this.#lines.length > 0) await this.#writeSome(this.#handle ?? (await this.#beginLate()));
    } catch (error) {
      this.#hasFailed = true;
      this.#lines = [];
      this.#report(errorOf(error, this.#setup.path));
    }
    this.#writing = undefined;
  }

  #report(error: TraceError): void {
    try {
      const result: unknown = this.#setup.onError(error);
      if (isThenable(result)) result.then(undefined, ignore);
    } catch {
      // Documented at `onError`.
    }
  }

  /** Begins the file in place of a trace that was there at the start. */
  async #beginLate(): Promise<FileHandle> {
    const { path } = this.#setup;
    if (await hasTrace(path)) await rename(path, olderOf(path));
    return await this.#begin();
  }

  /** Writes what the file has room for. */
  async #writeSome(handle: FileHandle): Promise<void> {
    let count = 0;
    let bytes = 0;
    for (const { length } of this.#lines) {
      if (this.#fileBytes + bytes + length + 1 > this.#setup.maxFileBytes) break;
      bytes += length + 1;
      count++;
    }
    if (count === 0) return await this.#rotate(handle);
    const lines = this.#lines.splice(0, count);
    await this.#append(handle, lines, bytes);
    this.#waitingBytes -= bytes;
  }

  async #rotate(handle: FileHandle): Promise<void> {
    const { path } = this.#setup;
    await handle.close();
    await rename(path, olderOf(path));
    await this.#begin();
  }

  async #begin(): Promise<FileHandle> {
    const handle = await openNew(this.#setup.path);
    this.#handle = handle;
    const line = this.#setup.firstLine();
    this.#fileBytes = 0;
    await this.#append(handle, [line], line.length + 1);
    return handle;
  }

  async #append(handle: FileHandle, lines: readonly string[], bytes: number): Promise<void> {
    await handle.appendFile(`${lines.join("\n")}\n`, "latin1");
    this.#fileBytes += bytes;
  }
}

function errorOf(error: unknown, path: string): TraceError {
  return error instanceof TraceError ? error : TraceError.ofSystem("write", path, error);
}

async function openNew(path: string): Promise<FileHandle> {
  const handle = await open(path, "w", OWNER_ONLY);
  try {
    await handle.chmod(OWNER_ONLY); // an empty file may have been there
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function ignore(): void {}

/** Where the file goes that is full. */
function olderOf(path: string): string {
  return `${path}.1`;
}

/**
 * Whether there is a trace at `path`, which is to become `PATH.1`.
 *
 * @throws TraceError (as a rejection) where there is something else at one of the two.
 */
async function hasTrace(path: string): Promise<boolean> {
  await mayReplace(olderOf(path));
  return await mayReplace(path);
}

/**
 * Whether there is a trace at `path`, which may be written over; nothing of somebody else's may.
 *
 * @throws TraceError (as a rejection) where there is something else.
 */
async function mayReplace(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return false;
  if (!found.isFile()) throw new TraceError("no-trace", `${path} is no regular file; a trace takes one of its own`);
  if (found.size === 0) return false;
  const first = await firstRecordOf(path);
  if (typeof first === "object" && first.kind === "trace") return true;
  throw new TraceError("no-trace", `${path} is there already and is no trace; move it away or give another name`);
}
