import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { canonicalAddress } from "./node-name.js";

/** The address at the other end of `socket` without its zone; `""` where it has none, as over a Unix socket. */
export function peerAddressOf(socket: Duplex): string {
  const address = socket instanceof Socket ? socket.remoteAddress : undefined;
  return canonicalAddress(address?.split("%", 1)[0] ?? "") ?? "";
}
