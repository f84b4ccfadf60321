import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

/** Who a socket belongs to, and what it is told of that. */
export interface SocketOwner {
  /** Takes the first `length` bytes of `chunk`, which is good until it returns. */
  onBytes(chunk: Buffer, length: number): void;
  onSocketError(cause: Error): void;
  /** The peer has ended its side of the socket. */
  onInputEnd(): void;
  onSocketClosed(): void;
}

/**
 * Where a socket keeps its owner, so that all sockets share their listeners: closures for each took 0.4 of the 4.8 kB of V8's heap that
 * an idle connection took (the workload "idle").
 */
const OWNER: unique symbol = Symbol("halyard: owner");

type Owned = Duplex & { [OWNER]?: SocketOwner | undefined };

/** Has `owner` told of what becomes of `socket`. */
export function ownSocket(socket: Duplex, owner: SocketOwner): void {
  (socket as Owned)[OWNER] = owner;
  socket.on("error", onError);
  socket.on("end", onEnd);
  socket.on("close", onClose);
}

/** Gives `bytes[0, length)`, read from `socket`, to its owner. */
export function giveBytes(socket: Duplex, bytes: Buffer, length: number): void {
  (socket as Owned)[OWNER]?.onBytes(bytes, length);
}

/**
 * Has `socket`, which is closed, refer to its owner no more. A socket stays until V8's next major collection, for its handle has
 * properties (so does one that the user keeps): it must not hold the kilobytes of the connection meanwhile.
 */
export function disownSocket(socket: Duplex): void {
  (socket as Owned)[OWNER] = undefined;
  socket.off("error", onError);
  socket.off("end", onEnd);
  socket.off("close", onClose);
}

function onError(this: Owned, cause: Error): void {
  this[OWNER]?.onSocketError(cause);
}

function onEnd(this: Owned): void {
  this[OWNER]?.onInputEnd();
}

function onClose(this: Owned): void {
  this[OWNER]?.onSocketClosed();
}
