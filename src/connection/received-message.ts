import { Buffer, constants, isUtf8, transcode } from "node:buffer";

import { keepFreedMemory } from "./freed-memory.js";

/** The longest text that becomes a string, in bytes: a longer one has no string to be. */
export const MAX_TEXT_BYTES: number = constants.MAX_STRING_LENGTH;

/** Texts of so many bytes, from and up to, that are decoded by way of UTF-16: shorter ones are not quicker so, longer ones would take much memory. */
const FEWEST_BY_UTF16 = 400;
const MOST_BY_UTF16 = 16 * 1024 * 1024;

/**
 * V8 before Node 24 decodes UTF-8 character by character: 27 µs for 4 KiB of Chinese, and 5 by way of UTF-16, for which Node has SIMD
 * (the workload "echo-chinese-4KiB-4").
 */
const IS_UTF8_SLOW = Number.parseInt(process.versions.node, 10) < 24 && typeof transcode === "function"; // it needs ICU

type Slice = (this: Uint8Array, start: number, end: number) => string;

/**
 * What `toString` of a buffer calls in the end, on any `Uint8Array`: not documented, and in all of Node, Bun and Deno. To find it by way of
 * `instanceof` and the name of the encoding takes 3 % of an echo (echo-64B-1).
 */
const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as Readonly<Record<"latin1Slice" | "utf8Slice", Slice>>;

/** The string in `bytes[start, end)`, valid UTF-8; ASCII takes the shorter way through Latin-1. */
export function decodeText(bytes: Uint8Array, start: number, end: number, isAscii: boolean): string {
  const length = end - start;
  if (IS_UTF8_SLOW && !isAscii && length >= FEWEST_BY_UTF16 && length <= MOST_BY_UTF16) {
    return transcode(bytes.subarray(start, end), "utf8", "utf16le").toString("utf16le");
  }
  return isAscii ? latin1Slice.call(bytes, start, end) : utf8Slice.call(bytes, start, end);
}

/**
 * `bytes[start, end)` in a `Uint8Array` of its own, so that it outlives the read buffer and pins nothing. Up to 64 bytes V8 keeps on its
 * heap, made so, which takes a seventh of the time of a slice of the `ArrayBuffer`; longer ones are no slower.
 */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  keepFreedMemory(end - start);
  return new Uint8Array(bytes.subarray(start, end));
}

/** What `borrowBytes` made a view of last, one buffer nearly always: to ask it for its memory takes as long as all the rest. */
let latest: { readonly bytes: Uint8Array; readonly memory: ArrayBufferLike; readonly at: number } | undefined;

/**
 * A view of `bytes[start, end)`, good as long as those are: 20 ns where a copy of more than 64 bytes takes 1 to 4 µs, most of them for its
 * memory and to collect it.
 */
export function borrowBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (latest === undefined || latest.bytes !== bytes) latest = { bytes, memory: bytes.buffer, at: bytes.byteOffset };
  return new Uint8Array(latest.memory, latest.at + start, end - start);
}

/** Memory to gather a message in, with whatever was there before: filling it with zeros takes a fifth of an echo of 1 MiB. */
export function allocateUnfilled(size: number): Uint8Array {
  keepFreedMemory(size);
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** Whether `bytes[start, end)` is valid UTF-8, by Node's own check. */
export function isValidUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  return isUtf8(bytes.subarray(start, end));
}
