import type { Buffer } from "node:buffer";

import type { Room } from "./reused-memory.js";

/**
 * Who a socket belongs to, and what it is told of that.
 *
 * @internal
 */
export interface SocketOwner {
  /** Takes the first `length` bytes of `chunk`, which is good until it returns. */
  onBytes(chunk: Buffer, length: number): void;
  /** Where what comes next could be read into, and then be given to `onBytes`; undefined for no place but the usual. */
  readonly room?: Room | undefined;
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
