import { type FrameScanner, NUMBERS_A_FRAME } from "../protocol/index.js";
import type { ReceiveKernel } from "./receive-kernel.js";

/** More are found by another call. */
const MOST_FRAMES = 64;
const BYTES_A_NUMBER = 4;

/** What a scanner needs behind the buffer that it scans, wherever that ends. */
export const SCANNER_BYTES: number = (MOST_FRAMES * NUMBERS_A_FRAME + 1) * BYTES_A_NUMBER;

/** Scans a read buffer, which lies at the beginning of a kernel's memory. What it has found lies behind that, and is good as long as the read is. */
export class ReadScanner implements FrameScanner {
  readonly #kernel: ReceiveKernel;
  readonly #bytes: Uint8Array;
  readonly #table: number;
  readonly found: Int32Array;

  constructor(kernel: ReceiveKernel, bytes: Uint8Array) {
    this.#kernel = kernel;
    this.#bytes = bytes;
    this.#table = Math.ceil(bytes.length / BYTES_A_NUMBER) * BYTES_A_NUMBER;
    this.found = new Int32Array(bytes.buffer, this.#table, MOST_FRAMES * NUMBERS_A_FRAME);
  }

  scan(chunk: Uint8Array, start: number, end: number, mostBytes: number, mostFrames: number): number {
    if (chunk !== this.#bytes) return 0;
    return this.#kernel.scan(start, end, mostBytes, this.#table, mostFrames);
  }
}
