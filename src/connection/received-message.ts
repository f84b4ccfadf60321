import { Buffer, constants } from "node:buffer";

/** The longest text that becomes a string, in bytes: a longer one has no string to be. */
export const MAX_TEXT_BYTES: number = constants.MAX_STRING_LENGTH;

/** The string in `bytes[start, end)`, valid UTF-8; ASCII takes the shorter way through Latin-1. */
export function decodeText(bytes: Uint8Array, start: number, end: number, isAscii: boolean): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString(isAscii ? "latin1" : "utf8", start, end);
}

/** `bytes[start, end)` in a `Uint8Array` of its own, so that it outlives the read buffer and pins nothing. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + end));
}
