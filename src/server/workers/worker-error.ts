/** What went wrong with a worker. */
export type WorkerErrorCode =
  /**
   * A worker ended before it listened, did not listen within a minute, or cannot listen; then `cause` is the error. Before all have
   * listened once, `serve` rejects with it.
   */
  | "start-failed"
  /** A worker has ended without having been asked to, or before it had closed its connections. Another takes its place. */
  | "ended"
  /** More is published than a process reads, or than may wait for it within a turn: what was for it is dropped until it has read some. */
  | "publications-dropped";

/** Which worker an error is about. */
export interface WorkerIdentity {
  /** Its place, from 1 to the number of workers. Who replaces it has the same. */
  readonly workerId: number;
  /** Its process, where there is or was one. */
  readonly pid: number | undefined;
}

/** How a process ended: one of the two, or neither where it could not be started. */
export interface ProcessEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** The error of everything about workers. Its message says what happened and what to do. */
export class WorkerError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "WorkerError";
  /** What happened; stable. */
  readonly code: WorkerErrorCode;
  /** Its place, from 1 to the number of workers. Who replaces it has the same. */
  readonly workerId: number;
  /** The worker's process; `undefined` where there was none. */
  readonly pid: number | undefined;
  /** What the process ended with, where it ended by itself. */
  readonly exitCode: number | undefined;
  /** What it was killed by, like `"SIGKILL"`, where it was. */
  readonly signal: string | undefined;

  constructor(
    code: WorkerErrorCode,
    message: string,
    about: WorkerIdentity & Partial<ProcessEnd>,
    options?: { readonly cause: unknown },
  ) {
    super(message, options);
    this.code = code;
    this.workerId = about.workerId;
    this.pid = about.pid;
    this.exitCode = about.exitCode;
    this.signal = about.signal;
  }
}

/** A worker has ended before all of them listened. */
export function endedAtStart(who: WorkerIdentity, end: ProcessEnd): WorkerError {
  const advice =
    end.exitCode === 0
      ? "its script must call serve() with `workers` as the first process did"
      : "what it printed says why";
  const message = `${describe(who)} ${describeEnd(end)} before it listened; ${advice}`;
  return new WorkerError("start-failed", message, { ...who, ...end });
}

/** A worker has been killed because it did not listen within `ms` milliseconds. */
export function neverListened(who: WorkerIdentity, end: ProcessEnd, ms: number): WorkerError {
  const message = `${describe(who)} did not listen within ${ms / 1_000} seconds, and was killed; look for what its script waits for, or for a loop, before it calls serve()`;
  return new WorkerError("start-failed", message, { ...who, ...end });
}

/** A worker cannot listen. `cause` is the error that it got. */
export function cannotListen(who: WorkerIdentity, cause: Error): WorkerError {
  return new WorkerError("start-failed", `${describe(who)} cannot listen: ${cause.message}`, who, { cause });
}

/** A worker has ended, and nobody asked it to. */
export function endedUnasked(who: WorkerIdentity, end: ProcessEnd): WorkerError {
  const message = `${describe(who)} ${describeEnd(end)} without having been asked to; its connections are lost, and another takes its place`;
  return new WorkerError("ended", message, { ...who, ...end });
}

/** A worker that was closing has ended, or was killed because it did not. */
export function endedEarly(who: WorkerIdentity, end: ProcessEnd): WorkerError {
  const message = `${describe(who)} ${describeEnd(end)} before it had closed its connections, and what was left of them is lost`;
  return new WorkerError("ended", message, { ...who, ...end });
}

/** Too much waits for `reader`, the worker itself or the process above it. */
export function publicationsDropped(who: WorkerIdentity, reader: "worker" | "primary", maxBytes: number): WorkerError {
  const name = reader === "worker" ? describe(who) : `the primary of ${describe(who)}`;
  const message = `more than ${maxBytes} bytes of publications wait for ${name}, and further ones are dropped until it has read some; either something keeps its event loop busy, or more was published in one turn than may wait: then publish less at a time, with a turn (setImmediate) in between`;
  return new WorkerError("publications-dropped", message, who);
}

function describe({ workerId, pid }: WorkerIdentity): string {
  return pid === undefined ? `worker ${workerId}` : `worker ${workerId} (process ${pid})`;
}

function describeEnd({ exitCode, signal }: ProcessEnd): string {
  if (signal !== undefined) return `was ended by ${signal}`;
  return exitCode === undefined ? "could not be started" : `ended with exit code ${exitCode}`;
}
