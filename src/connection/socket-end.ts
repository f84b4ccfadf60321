import type { Transport } from "./transport.js";

/** The code of RST_STREAM by which a stream is given up, RFC 9113 §7. */
const CANCEL = 0x8;

/** What a stream of `node:http2` has beside a duplex. */
interface Http2StreamEnd {
  close(code: number): void;
}

/** Destroys `socket` at once, so that the peer does not take it for an orderly end. */
export function destroySocket(socket: Transport): void {
  // RFC 8441 §5: what would be a reset of the TCP connection is a RST_STREAM with CANCEL; Node's own would say NO_ERROR.
  if (!socket.destroyed && "rstCode" in socket) (socket as unknown as Http2StreamEnd).close(CANCEL);
  socket.destroy();
}
