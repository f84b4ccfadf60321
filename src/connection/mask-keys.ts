import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

/** Random bytes drawn at once: 2,048 keys, so that a frame costs a read and not a call into the generator. */
const POOL_BYTES = 8 * 1024;

/**
 * The keys that a client masks its frames with. RFC 6455 §5.3: unpredictable, from a strong source of entropy, and each used for
 * one frame.
 */
export class MaskKeys {
  readonly #pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  #at = POOL_BYTES;

  /** The next key: its four bytes in network order, as a signed 32-bit integer. */
  next(): number {
    if (this.#at === POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    const key = this.#pool.readInt32BE(this.#at);
    this.#at += 4;
    return key;
  }
}
