/** What is wrong with a trace. */
export type TraceErrorCode =
  /** The file cannot be opened, read or written; `cause` is the system's error. */
  | "file-failed"
  /** The file is there and was not written by `traceFrames`. */
  | "no-trace"
  /** A line of it is broken. One that is merely cut, at the end of the file, is not. */
  | "broken-record";

/** A trace cannot be written or read. The message is one line that names the file. */
export class TraceError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "TraceError";
  /** What is wrong. */
  readonly code: TraceErrorCode;

  constructor(code: TraceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The error for what the system says of `file`. */
  static ofSystem(doing: "read" | "write", file: string, cause: unknown): TraceError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new TraceError("file-failed", `cannot ${doing} the trace ${file}: ${reason}`, { cause });
  }
}
