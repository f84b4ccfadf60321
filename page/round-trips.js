// @ts-check

/** Unanswered messages remembered at most: beyond either the oldest is given up, so that a mute server costs nothing. */
const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** Round trips kept for the median and the sparkline. */
const MAX_RECENT = 60;

/** @typedef {{ message: string | Uint8Array, size: number, sentAtMs: number }} Waiting */

/**
 * Times messages from being sent to coming back. Echoes arrive in the order in which the messages went, and an answer
 * counts only when it is equal to what was sent.
 */
export class RoundTrips {
  /** @type {Waiting[]} */
  #waiting = [];
  #waitingBytes = 0;

  /** @type {number[]} */
  #recentMs = [];

  /**
   * @param {string | Uint8Array} message
   * @param {number} size - Its length in bytes.
   * @param {number} nowMs
   */
  sent(message, size, nowMs) {
    this.#waiting.push({ message, size, sentAtMs: nowMs });
    this.#waitingBytes += size;
    while (this.#waiting.length > MAX_WAITING || this.#waitingBytes > MAX_WAITING_BYTES) this.#forget(1);
  }

  /**
   * @param {string | Uint8Array} message
   * @param {number} nowMs
   * @returns {number | undefined} The round trip in milliseconds, or `undefined` when this is nobody's echo.
   */
  received(message, nowMs) {
    const index = this.#waiting.findIndex((waiting) => isSame(waiting.message, message));
    const waiting = this.#waiting[index];
    if (waiting === undefined) return undefined;
    this.#forget(index + 1);
    const roundTripMs = nowMs - waiting.sentAtMs;
    this.#recentMs.push(roundTripMs);
    if (this.#recentMs.length > MAX_RECENT) this.#recentMs.shift();
    return roundTripMs;
  }

  /** Gives up on what a closed connection will not bring back. */
  forgetWaiting() {
    this.#forget(this.#waiting.length);
  }

  /** The latest round trips in milliseconds, oldest first. */
  get recentMs() {
    return this.#recentMs;
  }

  /** The median of the latest round trips in milliseconds, or `undefined` before the first. */
  get medianMs() {
    const sorted = this.#recentMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  /** @param {number} count */
  #forget(count) {
    for (const { size } of this.#waiting.splice(0, count)) this.#waitingBytes -= size;
  }
}

/**
 * @param {string | Uint8Array} a
 * @param {string | Uint8Array} b
 */
function isSame(a, b) {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
