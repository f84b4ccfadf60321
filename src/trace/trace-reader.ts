import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { TraceError } from "./trace-error.js";
import { TRACE_VERSION, parseTraceRecord, type TraceRecord } from "./trace-record.js";

const READ_BYTES = 64 * 1024;
/** A line that is longer is none of a trace. */
const MAX_LINE_BYTES = 64 * 1024;
/** How often a file is looked at that is followed. */
const FOLLOW_INTERVAL_MS = 200;

/** The file ends in the middle of a line: who wrote it was killed, or writes still. */
export interface TraceCut {
  /** Tells it from the records. */
  readonly kind: "cut";
}

/** How a trace is read. */
export interface ReadTraceOptions {
  /** Whether to wait for more at the end of the file, and to go on with the next when it is full. Off by default. */
  readonly follow?: boolean | undefined;
  /** Ends the reading, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The records of a trace, in order; of kinds that this version does not know, none. A last line that is cut gives `{ kind: "cut" }`.
 *
 * @throws TraceError for a file that cannot be read, that is no trace, or that has a broken line.
 */
export async function* readTrace(
  file: string,
  { follow = false, signal }: ReadTraceOptions = {},
): AsyncGenerator<TraceRecord | TraceCut, void, undefined> {
  let handle = await openTrace(file);
  try {
    for (;;) {
      const lines = new TraceLines(file);
      yield* readOne(file, handle, lines, follow, signal);
      if (signal?.aborted === true) return;
      if (!follow) {
        if (!lines.hasStarted) throw new TraceError("no-trace", `${file} is no trace: it has no whole line`);
        if (lines.isCut) yield { kind: "cut" };
        return;
      }
      await handle.close();
      const next = await openNext(file, signal);
      if (next === undefined) return;
      handle = next;
    }
  } finally {
    await handle.close().catch(() => {});
  }
}

/** The records of one file, to its end or, where it is followed, until another has taken its name. */
async function* readOne(
  file: string,
  handle: FileHandle,
  lines: TraceLines,
  follow: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<TraceRecord, void, undefined> {
  const buffer = Buffer.alloc(READ_BYTES);
  let isReplaced = false;
  for (;;) {
    if (signal?.aborted === true) return;
    const { bytesRead } = await read(file, handle, buffer);
    if (bytesRead > 0) {
      yield* lines.take(buffer.toString("latin1", 0, bytesRead));
    } else if (!follow || isReplaced) {
      return;
    } else {
      // What was written before it was renamed is read first.
      isReplaced = await isOther(file, handle);
      if (!isReplaced) await delay(FOLLOW_INTERVAL_MS, undefined, { signal }).catch(() => {});
    }
  }
}

async function openTrace(file: string): Promise<FileHandle> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new TraceError("no-trace", `${file} is no trace: it is no regular file`);
    return await open(file, "r");
  } catch (error) {
    throw error instanceof TraceError ? error : TraceError.ofSystem("read", file, error);
  }
}

/**
 * Opens the file that has taken the name of the last one; that one may be about to give it to a further one. Undefined when the reading is
 * ended meanwhile.
 */
async function openNext(file: string, signal: AbortSignal | undefined): Promise<FileHandle | undefined> {
  while (signal?.aborted !== true) {
    try {
      return await openTrace(file);
    } catch (error) {
      const isMissing = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
      if (!isMissing) throw error;
      await delay(FOLLOW_INTERVAL_MS, undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}

async function read(file: string, handle: FileHandle, buffer: Buffer): Promise<{ readonly bytesRead: number }> {
  try {
    return await handle.read(buffer, 0, buffer.length);
  } catch (error) {
    throw TraceError.ofSystem("read", file, error);
  }
}

/** Whether the name belongs to another file by now; for a moment, while one is replaced, it belongs to none. */
async function isOther(file: string, handle: FileHandle): Promise<boolean> {
  const [named, own] = await Promise.all([stat(file).catch(() => undefined), handle.stat()]);
  return named !== undefined && named.ino !== own.ino;
}

/** Makes records of the text of one file, which comes in any pieces. */
class TraceLines {
  readonly #file: string;
  #rest = "";
  #number = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get isCut(): boolean {
    return this.#rest !== "";
  }

  get hasStarted(): boolean {
    return this.#number > 0;
  }

  *take(text: string): Generator<TraceRecord, void, undefined> {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const record = this.#read(line);
      if (record !== undefined) yield record;
    }
    if (this.#rest.length > MAX_LINE_BYTES) this.#read(this.#rest);
  }

  #read(line: string): TraceRecord | undefined {
    this.#number++;
    const record = line.length > MAX_LINE_BYTES ? "broken" : parseTraceRecord(line);
    if (this.#number === 1) return this.#checkStart(record);
    if (record === "broken") {
      throw new TraceError("broken-record", `line ${this.#number} of ${this.#file} is no record of a trace`);
    }
    return record === "unknown-kind" ? undefined : record;
  }

  #checkStart(record: ReturnType<typeof parseTraceRecord>): TraceRecord {
    if (typeof record === "string" || record.kind !== "trace") {
      throw new TraceError("no-trace", `${this.#file} is no trace: its first line does not say so`);
    }
    if (record.version === TRACE_VERSION) return record;
    throw new TraceError(
      "no-trace",
      `${this.#file} has version ${record.version} of the format; this reads ${TRACE_VERSION}`,
    );
  }
}
