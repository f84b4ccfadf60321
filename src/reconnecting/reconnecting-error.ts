/** What has gone wrong with a reconnecting socket, or was asked of it and refused. */
export type ReconnectingErrorCode =
  /** The message does not fit into the send queue. */
  | "queue-full"
  /** The socket is closing or closed for good. */
  | "closed"
  /** What `open` gave is no WebSocket, as a connection of `halyard/client` without `socketOf`. */
  | "no-websocket"
  /** A `for await` loop was slower than the server for too long: `maxUnreadBytes` were waiting for it. */
  | "reader-too-slow";

/** The error of a reconnecting socket. Its message says what happened and what to do. */
export class ReconnectingError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "ReconnectingError";
  /** What went wrong; stable. */
  readonly code: ReconnectingErrorCode;

  constructor(code: ReconnectingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
