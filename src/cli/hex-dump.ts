const BYTES_A_LINE = 16;
/** More would push what came before out of the terminal. */
const MAX_BYTES = 256;
const OFFSET_DIGITS = 8;

/**
 * Bytes as people read them: the offset, the bytes in hexadecimal, the same as ASCII with dots for what does not print. Sixteen a
 * line; of many, the first 256 and how many there are beside.
 */
export function hexDump(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, MAX_BYTES); at += BYTES_A_LINE) {
    lines.push(dumpLine(at, bytes.subarray(at, Math.min(at + BYTES_A_LINE, MAX_BYTES))));
  }
  if (bytes.length > MAX_BYTES) lines.push(`… and ${bytes.length - MAX_BYTES} bytes more`);
  return lines;
}

/** `68 65 6c 6c 6f`. */
export function inHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** `hello`, with a dot for each byte that is no printable ASCII. */
export function inAscii(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
}

function dumpLine(offset: number, bytes: Uint8Array): string {
  const place = offset.toString(16).padStart(OFFSET_DIGITS, "0");
  return `${place}  ${inHex(bytes).padEnd(3 * BYTES_A_LINE - 1)}  ${inAscii(bytes)}`;
}
