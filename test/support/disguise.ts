import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** A duplex that is no `net.Socket`, as other transports are, on top of one. */
export function disguise(socket: Socket): Duplex {
  socket.on("error", () => {}); // when it is destroyed it destroys the socket with an error
  return Duplex.from({ readable: socket, writable: socket });
}
