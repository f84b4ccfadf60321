import type { LoadReport } from "../control/messages.js";

/** Connections that can be loaded, as often as wanted. */
export interface Load {
  /** Loads for `durationMs`, at `rate` messages a second or as fast as they are answered, then waits for what is unanswered. */
  run(durationMs: number, rate?: number): Promise<LoadReport>;
  /** Drops every connection. */
  close(): Promise<void>;
}
