import type { CloseState } from "../protocol/index.js";
import { ConnectionError } from "./connection-error.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { overdue, type OverdueCode } from "./overdue.js";
import type { QueuedBytesBudget } from "./queued-bytes-budget.js";
import type { ResolvedRateLimit } from "./rate-limit-options.js";

/** The error of a connection whose socket is gone without a close frame; `cause` is what the socket gave as its error. */
export function lost(cause?: Error): ConnectionError {
  const why = cause === undefined ? "the peer ended it without a close frame" : cause.message;
  return new ConnectionError(
    "connection-lost",
    `the connection was lost: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

/** The same, of one whose peer has ended its side behind messages that wait for us: whether a close frame is among them nobody knows. */
export function lostUnread({ closeTimeoutMs }: ResolvedConnectionOptions): ConnectionError {
  const why = `the peer ended its side, and what it had sent was not gone through within closeTimeoutMs (${closeTimeoutMs})`;
  return new ConnectionError("connection-lost", `the connection was lost: ${why}`);
}

/** The error of what is given to a connection that is in `state` and so cannot send it. */
export function notOpen(state: CloseState, cause: ConnectionError | undefined): ConnectionError {
  const how = state.kind === "closed" ? `was closed by ${state.summary.by} with ${state.summary.code}` : "is closing";
  return new ConnectionError("not-open", `not sent: the connection ${how}`, cause === undefined ? {} : { cause });
}

/** The error of who reads a message as a stream, in the middle of which its connection has ended for `cause`. */
export function messageCut(cause: ConnectionError | undefined): ConnectionError {
  const why = "the connection ended in the middle of the message";
  return new ConnectionError("message-cut", why, cause === undefined ? {} : { cause });
}

/** The error of a connection whose handler threw or rejected. */
export function handlerFailed(cause: unknown): ConnectionError {
  return new ConnectionError("handler-failed", `the handler failed: ${describeCause(cause)}`, { cause });
}

/** Total: what was thrown may be anything, also an object that has no string to be. */
function describeCause(cause: unknown): string {
  if (cause instanceof Error) return cause.message;
  return typeof cause === "string" ? cause : `what it threw is no Error but of type ${typeof cause}`;
}

/** The error of a connection that was closed and whose peer did not come to an end. */
export function closeTimeout({ closeTimeoutMs }: ResolvedConnectionOptions): ConnectionError {
  const why = `the peer did not end the connection within closeTimeoutMs (${closeTimeoutMs})`;
  return new ConnectionError("close-timeout", why);
}

/** The error of a sender that does not wait for a peer that does not read. */
export function sendBufferFull({ maxBufferedBytes }: ResolvedConnectionOptions): ConnectionError {
  const why = `the peer does not read: more than maxBufferedBytes (${maxBufferedBytes}) are queued; wait for send() or drain`;
  return new ConnectionError("send-buffer-full", why);
}

/** The error of the connection that went when too much was queued for all of them. */
export function budgetExceeded({ maxBytes }: QueuedBytesBudget): ConnectionError {
  const why = `the peer does not read enough: more than ${maxBytes} bytes are queued for all connections of its queuedBytesBudget, and it held most of them`;
  return new ConnectionError("budget-exceeded", why);
}

/** The error of a connection whose peer sends too much. */
export function rateExceeded(limit: ResolvedRateLimit): ConnectionError {
  const { messagesPerSecond, bytesPerSecond, burstSeconds } = limit;
  const why = `the peer sent more than rateLimit allows: ${messagesPerSecond} messages and ${bytesPerSecond} bytes a second, ${burstSeconds} seconds' worth at once`;
  return new ConnectionError("rate-exceeded", why);
}

/** The error of a connection that is late with something; those that are closed for it by the handshake have none. */
export function overdueError(
  code: Exclude<OverdueCode, "idle-timeout" | "max-lifetime">,
  { liveness }: ResolvedConnectionOptions,
): ConnectionError {
  const { explanation, option } = overdue[code];
  return new ConnectionError(code, `${code}: ${explanation} (${option}: ${liveness[option]} ms)`);
}
