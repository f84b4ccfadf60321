/**
 * The frames of connections, written to a file and read from it.
 *
 * @module halyard/trace
 */

export { type FrameTrace, type FrameTraceOptions, traceFrames } from "./frame-trace.js";
export { TraceError, type TraceErrorCode } from "./trace-error.js";
export { readTrace, type ReadTraceOptions, type TraceCut } from "./trace-reader.js";
export type {
  TraceClosed,
  TraceDropped,
  TraceFailed,
  TraceFrame,
  TraceOpened,
  TraceRecord,
  TraceStart,
} from "./trace-record.js";
