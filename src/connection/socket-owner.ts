import type { Buffer } from "node:buffer";

/**
 * Who a socket belongs to, and what it is told of that.
 *
 * @internal
 */
export interface SocketOwner {
  /** Takes the first `length` bytes of `chunk`, which is good until it returns. */
  onBytes(chunk: Buffer, length: number): void;
  onSocketError(cause: Error): void;
  /** The peer has ended its side of the socket. */
  onInputEnd(): void;
  onSocketClosed(): void;
}

/** What a socket is left to that is closed: nobody is told anything. */
export const NO_OWNER: SocketOwner = {
  onBytes() {},
  onSocketError() {},
  onInputEnd() {},
  onSocketClosed() {},
};
