import { type FaultCode, faults } from "../protocol/index.js";

/** Why an operation on a connection failed, or why a connection ended otherwise than by a close handshake. */
export type ConnectionErrorCode =
  /** The peer broke the protocol or a limit; `fault` says how. */
  | "protocol-fault"
  /** The socket failed or ended without a close frame; `cause` is the socket's error, if it gave one. */
  | "connection-lost"
  /** The message was given to a connection that is closing or closed. */
  | "not-open"
  /** The peer did not read, and what was queued for it passed `maxBufferedBytes`. */
  | "send-buffer-full"
  /** The peer did not read, and what all connections together had queued passed their `queuedBytesBudget`. */
  | "budget-exceeded"
  /** The peer did not read: the kernel took nothing of what was queued for it within `writeTimeoutMs`. */
  | "write-timeout"
  /** The peer sent nothing within `pongTimeoutMs` after a ping of ours. */
  | "ping-timeout"
  /** The peer did not finish a message that it had begun within `messageTimeoutMs`. */
  | "message-timeout"
  /** The peer sent more than `rateLimit` allows. */
  | "rate-exceeded"
  /** No message came within the `timeoutMs` of a `receive`. The connection goes on. */
  | "receive-timeout"
  /** The peer did not end its side of the closing handshake within `closeTimeoutMs`. */
  | "close-timeout"
  /** A handler threw or rejected; `cause` is what it threw. */
  | "handler-failed"
  /** Somebody reads this connection already. */
  | "already-reading"
  /** The connection ended in the middle of a message that was read as a stream. */
  | "message-cut";

/** The error of everything that a connection reports. Its message says what happened and what to do. */
export class ConnectionError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "ConnectionError";
  /** Which failure it is; stable. */
  readonly code: ConnectionErrorCode;
  /** The row of the faults table, when `code` is `"protocol-fault"`. */
  readonly fault: FaultCode | undefined;

  constructor(code: ConnectionErrorCode, message: string, details: { cause?: unknown; fault?: FaultCode } = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.fault = details.fault;
  }

  /** The error that stands for what the peer did wrong. */
  static ofFault(fault: FaultCode): ConnectionError {
    const row = faults[fault];
    return new ConnectionError(
      "protocol-fault",
      `${fault}: ${row.explanation} (RFC ${row.rfc ?? 6455} §${row.section}, close code ${row.closeCode})`,
      { fault },
    );
  }

  /** The error of whoever has waited for a message in vain. */
  static receiveTimeout(timeoutMs: number): ConnectionError {
    return new ConnectionError(
      "receive-timeout",
      `no message came within timeoutMs (${timeoutMs}); the connection goes on`,
    );
  }

  /** The error of whoever reads where somebody else does. */
  static alreadyReading(): ConnectionError {
    return new ConnectionError(
      "already-reading",
      "this connection is being read already; use one for-await loop, one receive() at a time, or one handler, and read a message stream to its end or cancel it first",
    );
  }
}
