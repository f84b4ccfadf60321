import type { SocketEnds } from "../opening.js";
import { canonicalAddress } from "./node-name.js";

/** The address at the other end of `socket` without its zone; `""` where it has none, as over a Unix socket. */
export function peerAddressOf({ remoteAddress }: SocketEnds): string {
  return canonicalAddress(remoteAddress?.split("%", 1)[0] ?? "") ?? "";
}
