import { writeUint32 } from "./frame-header.js";

/** Below this many bytes the plain loop wins over building a view of words. */
const WORD_THRESHOLD = 256;

/** One word and its four bytes in memory, to turn a key into a word whatever the byte order of the machine. */
const keyWord = new Int32Array(1);
const keyBytes = new Uint8Array(keyWord.buffer);

/** The key for a payload whose first `count` bytes have been dealt with: the same four bytes, turned. */
export function rotateMaskKey(key: number, count: number): number {
  const bits = (count & 3) * 8;
  return (key << bits) | (key >>> (32 - bits));
}

/**
 * Masks or unmasks `bytes[start, end)` in place (RFC 6455 §5.3: the transformation is its own inverse). `key` holds the four
 * key bytes in network order, as a 32-bit integer.
 *
 * @returns the bitwise OR of all resulting bytes, so that `< 0x80` says that they are all ASCII.
 */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: number): number {
  return end - start < WORD_THRESHOLD ? maskBytes(bytes, start, end, key) : maskWords(bytes, start, end, key);
}

/** The plain path: four bytes a turn. */
export function maskBytes(bytes: Uint8Array, start: number, end: number, key: number): number {
  const k0 = key >>> 24;
  const k1 = (key >>> 16) & 0xff;
  const k2 = (key >>> 8) & 0xff;
  const k3 = key & 0xff;
  let seen = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    seen |= bytes[at] = (bytes[at] as number) ^ k0;
    seen |= bytes[at + 1] = (bytes[at + 1] as number) ^ k1;
    seen |= bytes[at + 2] = (bytes[at + 2] as number) ^ k2;
    seen |= bytes[at + 3] = (bytes[at + 3] as number) ^ k3;
  }
  if (at < end) seen |= bytes[at] = (bytes[at] as number) ^ k0;
  if (at + 1 < end) seen |= bytes[at + 1] = (bytes[at + 1] as number) ^ k1;
  if (at + 2 < end) seen |= bytes[at + 2] = (bytes[at + 2] as number) ^ k2;
  return seen;
}

/** The path for long payloads, of three bytes at least: bytes up to the first word boundary, words, the bytes left over. */
export function maskWords(bytes: Uint8Array, start: number, end: number, key: number): number {
  const lead = -(bytes.byteOffset + start) & 3;
  const wordsStart = start + lead;
  const count = (end - wordsStart) >> 2;
  const turned = rotateMaskKey(key, lead);
  writeUint32(keyBytes, 0, turned);
  const wordKey = keyWord[0] as number;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + wordsStart, count);
  let seen = 0;
  for (let i = 0; i < count; i++) {
    seen |= words[i] = (words[i] as number) ^ wordKey;
  }
  seen |= seen >>> 16;
  return (
    ((seen | (seen >>> 8)) & 0xff) |
    maskBytes(bytes, start, wordsStart, key) |
    maskBytes(bytes, wordsStart + count * 4, end, turned)
  );
}
