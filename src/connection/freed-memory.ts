import { Buffer } from "node:buffer";

/** With shorter messages there is nothing to gain (echo-1KiB-16). */
const LEAST_BYTES = 16 * 1024;
/** The longest block that glibc learns from, less what it has beside one. */
const LESSON_BYTES = 32 * 1024 * 1024 - 64 * 1024;

let hasLearned = process.platform !== "linux";

/**
 * Has glibc keep up to 64 MiB of what is freed from now on, if blocks of `size` bytes or more are long messages. By itself it keeps 128 KiB:
 * whenever V8 has collected a few messages, it gives their memory back to the kernel, which zeroes the pages of the next, one fault for
 * each. With messages of 1 MiB to keep that is up to nine tenths of the time (echo-1MiB-1).
 *
 * By mallopt(3), `M_MMAP_THRESHOLD`, the limit follows the longest mapped block that was freed. So one is taken and dropped, to be freed
 * when V8 next collects garbage. It is never written to, so it takes addresses and no memory. Limits set in the environment
 * (`MALLOC_TRIM_THRESHOLD_`) stay, and other C libraries take no notice.
 */
export function keepFreedMemory(size: number): void {
  if (hasLearned || size < LEAST_BYTES) return;
  hasLearned = true;
  try {
    Buffer.allocUnsafeSlow(LESSON_BYTES);
  } catch {
    // No addresses left, by `ulimit -v`: it goes on as slowly as before.
  }
}
