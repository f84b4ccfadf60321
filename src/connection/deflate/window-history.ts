/** The last bytes that went through a compressor or an inflater: what its successor needs to go on in its place. */
export class WindowHistory {
  readonly #size: number;
  #bytes: Uint8Array = new Uint8Array(0);

  /** @param windowBits the base-2 logarithm of how many bytes are kept */
  constructor(windowBits: number) {
    this.#size = 2 ** windowBits;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Copies what is new of `bytes[start, end)` in. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const fresh = bytes.subarray(Math.max(start, end - this.#size), end);
    const kept = this.#bytes.subarray(Math.max(0, this.#bytes.length + fresh.length - this.#size));
    const joined = new Uint8Array(kept.length + fresh.length);
    joined.set(kept);
    joined.set(fresh, kept.length);
    this.#bytes = joined;
  }
}
