import type { ObservedConnection, ObservedFrame, Observer } from "../connection/index.js";
import { checkFunction, checkInteger, checkKeys, checkText } from "../internal/option-check.js";
import type { TraceError } from "./trace-error.js";
import { TraceFile } from "./trace-file.js";
import { TRACE_VERSION, type TraceRecord } from "./trace-record.js";

/** RFC 6455 §5.5.1. */
const CLOSE_OPCODE = 0x8;

/** Where frames are traced to, and how much of them. */
export interface FrameTraceOptions {
  /** The file. A trace that is there already is kept as `FILE.1` from the first record on; anything else there is left alone, and an error. */
  readonly file: string;
  /** How many bytes of each payload are kept, 0 to 1,024. 0 by default: payloads may be secret. */
  readonly payloadBytes?: number | undefined;
  /** Bytes of the file, 65,536 at least; 67,108,864 by default. When it is full it becomes `FILE.1`, in place of an earlier one. */
  readonly maxFileBytes?: number | undefined;
  /** Takes the error that has ended the trace, as a full disk does. Without it that is a warning of the process. What it throws is ignored. */
  readonly onError?: ((error: TraceError) => void) | undefined;
}

/** A trace that is being written. */
export interface FrameTrace {
  /** For the option `observer` of servers and clients; connections are numbered from 1 as they come. */
  readonly observer: Observer;
  /** Records that are missing so far, because the disk did not keep up or the trace has ended. */
  readonly droppedRecords: number;
  /** Writes what waits, and closes the file. What comes later is dropped. */
  close(): Promise<void>;
  /** `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Writes every frame of the connections that it observes to a file of JSON lines, which `halyard trace` prints and `readTrace` reads.
 * Records never hold up a connection, nor fill memory: when more than 1 MiB of them waits for the disk, they are dropped and counted.
 *
 * @throws TraceError (as a rejection) where the file cannot be opened or is something else; RangeError or TypeError for a wrong option.
 * @example
 * const trace = await traceFrames({ file: "frames.jsonl" });
 * const server = await serve({ routes, observer: [trace.observer, tally.observer] });
 */
export async function traceFrames(options: FrameTraceOptions): Promise<FrameTrace> {
  checkKeys("traceFrames", options, ["file", "payloadBytes", "maxFileBytes", "onError"]);
  const path = checkText("file", options.file);
  if (path === undefined) throw new TypeError("option file got undefined; it takes the name of a file");
  const payloadBytes = checkInteger("payloadBytes", options.payloadBytes, 0, 0, 1_024);
  const maxFileBytes = checkInteger("maxFileBytes", options.maxFileBytes, 64 * 1024 * 1024, 65_536, 2 ** 40);
  const onError = checkFunction("onError", options.onError, warn);
  const startedAt = new Date(nowMs()).toISOString();
  const file = await TraceFile.open({
    path,
    maxFileBytes,
    firstLine: () => lineOf({ kind: "trace", version: TRACE_VERSION, startedAt, payloadBytes }),
    gapLine: (records) => lineOf({ kind: "dropped", at: nowMs(), records }),
    onError,
  });
  return {
    observer: observerOf((record) => file.write(lineOf(record)), payloadBytes),
    get droppedRecords() {
      return file.dropped;
    },
    close: () => file.close(),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

function observerOf(write: (record: TraceRecord) => void, payloadBytes: number): Observer {
  const numbers = new WeakMap<ObservedConnection, number>();
  let last = 0;
  const of = (connection: ObservedConnection): { at: number; connection: number } => {
    const number = numbers.get(connection) ?? ++last;
    numbers.set(connection, number);
    return { at: nowMs(), connection: number };
  };
  return {
    opened: (connection) => {
      const { remote, local, extensions } = connection;
      write({ kind: "opened", ...of(connection), remote, local, extensions });
    },
    frame: (connection, frame) => write({ kind: "frame", ...of(connection), ...membersOf(frame, payloadBytes) }),
    failed: (connection, { code, fault }) => write({ kind: "failed", ...of(connection), code, fault }),
    closed: (connection, { code, by, clean }) => write({ kind: "closed", ...of(connection), code, by, clean }),
  };
}

function membersOf(frame: ObservedFrame, payloadBytes: number) {
  const { direction, opcode, isFinal: fin, rsv1, isMasked: masked, payloadLength: length, payload } = frame;
  const closeCode = opcode === CLOSE_OPCODE && payload.length >= 2 ? closeCodeOf(payload) : undefined;
  const shown = payloadBytes === 0 ? undefined : Buffer.from(payload.subarray(0, payloadBytes)).toString("base64");
  return { direction, opcode, fin, rsv1, masked, length, closeCode, payload: shown } as const;
}

/** RFC 6455 §5.5.1: the code stands in the first two bytes. */
function closeCodeOf([high = 0, low = 0]: Uint8Array): number {
  return high * 256 + low;
}

/** ASCII: what a peer could have chosen is escaped. Members that are undefined are left out. */
function lineOf(record: TraceRecord): string {
  return JSON.stringify(record).replaceAll(/[^\x20-\x7e]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Milliseconds since 1970, to the microsecond. */
function nowMs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000) / 1_000;
}

function warn(error: TraceError): void {
  process.emitWarning(error.message, "HalyardWarning");
}
