import { Buffer } from "node:buffer";

/** Families of PROXY protocol, version 2, with how they travel (§2.2). */
export const V2_FAMILY = { unspecified: 0x00, tcp4: 0x11, tcp6: 0x21, unix: 0x31 } as const;

/** A header of version 2 with `block` behind its head; PROXY (0x21) unless `command` says LOCAL (0x20) or something wrong. */
export function proxyV2(family: number, block: readonly number[], command = 0x21): Buffer {
  const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
  return Buffer.from([...signature, command, family, block.length >> 8, block.length & 0xff, ...block]);
}
