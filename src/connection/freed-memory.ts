import { Buffer } from "node:buffer";

/** With shorter messages there is nothing to gain (echo-1KiB-16). */
const LEAST_BYTES = 16 * 1024;
/** The longest block that glibc learns from, less what it has beside one. */
const LESSON_BYTES = 32 * 1024 * 1024 - 64 * 1024;

let hasLearned = process.platform !== "linux";

/**
 * Has glibc keep up to 64 MiB of what is free at the end of its heap, once there has been a message of `size` bytes, if that is long. By itself
 * it keeps twice the longest mapped block that was freed, 128 KiB at first: whenever V8 has collected a few messages, it gives their memory back
 * to the kernel, which zeroes the pages of the next, one fault for each. With messages of 1 MiB to keep that is up to nine tenths of the time
 * (echo-1MiB-1).
 *
 * By mallopt(3), `M_MMAP_THRESHOLD`, it learns that from what is freed. So a long block is taken and dropped, to be freed when V8 next collects
 * garbage. It is never written to, so it takes addresses and no memory. Where `MALLOC_TRIM_THRESHOLD_` or `MALLOC_MMAP_THRESHOLD_` is set in the
 * environment glibc learns nothing, and other C libraries take no notice.
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
