import { CloseCode } from "../protocol/index.js";

/** What has not come in time, by the name that it has as a `ConnectionError` code, a close reason, or both. */
export type OverdueCode = "ping-timeout" | "message-timeout" | "write-timeout" | "idle-timeout" | "max-lifetime";

/** One row of the table: how a connection ends for which something is overdue. */
export interface OverdueRow {
  /**
   * `"close"`: by the closing handshake, and that is no error. `"fail"`: by a last close frame, which waits for no answer.
   * `"cut"`: at once, for a close frame would not get through.
   */
  readonly ending: "close" | "fail" | "cut";
  readonly closeCode: CloseCode;
  /** The option that sets the time. */
  readonly option: "pongTimeoutMs" | "messageTimeoutMs" | "writeTimeoutMs" | "idleTimeoutMs" | "maxLifetimeMs";
  readonly explanation: string;
}

/**
 * Everything that a connection can be late with. docs/liveness.md lists the same rows; a test holds the two together.
 *
 * `ping-timeout` has the close code and the manner of Python's `websockets` (1011, a close frame that waits for no answer);
 * uWebSockets cuts the socket without a word. A peer that is gone loses nothing by the frame, and the developer of one that is
 * there and does not answer reads why.
 */
export const overdue: Readonly<Record<OverdueCode, OverdueRow>> = {
  "ping-timeout": {
    ending: "fail",
    closeCode: CloseCode.internalError,
    option: "pongTimeoutMs",
    explanation: "The peer sent nothing after a ping.",
  },
  "message-timeout": {
    ending: "fail",
    closeCode: CloseCode.policyViolation,
    option: "messageTimeoutMs",
    explanation: "The peer did not finish a message that it had begun.",
  },
  "write-timeout": {
    ending: "cut",
    closeCode: CloseCode.policyViolation,
    option: "writeTimeoutMs",
    explanation: "The peer took nothing of what was queued for it.",
  },
  "idle-timeout": {
    ending: "close",
    closeCode: CloseCode.goingAway,
    option: "idleTimeoutMs",
    explanation: "There was no message either way.",
  },
  "max-lifetime": {
    ending: "close",
    closeCode: CloseCode.goingAway,
    option: "maxLifetimeMs",
    explanation: "The connection has lasted as long as it may.",
  },
};
