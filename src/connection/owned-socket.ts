import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

import { BareSocket } from "./bare-socket.js";
import { NO_OWNER, type SocketOwner } from "./socket-owner.js";
import type { Transport } from "./transport.js";

/**
 * Where a socket of Node's keeps its owner, so that all sockets share their listeners: closures for each took 0.4 of the 4.8 kB of V8's
 * heap that an idle connection took (the workload "idle").
 */
const OWNER: unique symbol = Symbol("halyard: owner");

type Owned = Duplex & { [OWNER]?: SocketOwner | undefined };

/** Has `owner` told of what becomes of `socket`. */
export function ownSocket(socket: Transport, owner: SocketOwner): void {
  if (socket instanceof BareSocket) {
    socket.owner = owner;
    return;
  }
  (socket as Owned)[OWNER] = owner;
  // Its owner ends our side, behind what is queued. Without this a stream does at once when the peer has ended its own, as that of a TLS server.
  socket.allowHalfOpen = true;
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
export function disownSocket(socket: Transport): void {
  if (socket instanceof BareSocket) {
    socket.owner = NO_OWNER;
    return;
  }
  (socket as Owned)[OWNER] = undefined;
  socket.off("error", onError);
  socket.off("end", onEnd);
  socket.off("close", onClose);
}

/**
 * Has an error of `socket`, whose `close` tells enough, not end the process.
 *
 * @internal
 */
export function ignoreErrors(socket: Transport): void {
  if (!(socket instanceof BareSocket)) socket.on("error", ignore); // a bare one has an owner from the beginning
}

/**
 * Ends `ignoreErrors`.
 *
 * @internal
 */
export function heedErrors(socket: Transport): void {
  if (!(socket instanceof BareSocket)) socket.off("error", ignore);
}

function ignore(): void {}

function onError(this: Owned, cause: Error): void {
  this[OWNER]?.onSocketError(cause);
}

function onEnd(this: Owned): void {
  this[OWNER]?.onInputEnd();
}

function onClose(this: Owned): void {
  this[OWNER]?.onSocketClosed();
}
