/** What a frame holds that a scanner has found. */
export const Found = {
  /** Bytes of any kind. */
  binary: 0,
  /** Text, all of it ASCII. */
  ascii: 1,
  /** Text that is still to be checked. */
  text: 2,
} as const;
export type Found = (typeof Found)[keyof typeof Found];

/** Numbers that a scanner has for each frame: where its payload begins and ends, and what it holds. */
export const NUMBERS_A_FRAME = 3;

/**
 * Goes through many frames at once, where that is quicker than one by one. It knows only the kind that a server receives most of, and
 * no fault: whatever else there is it leaves to the receiver.
 */
export interface FrameScanner {
  /** What the latest `scan` has found, `NUMBERS_A_FRAME` for each frame. */
  readonly found: Int32Array;
  /**
   * Finds frames that lie whole and side by side from `chunk[start]` on, before `chunk[end]`, and unmasks them: each a whole message of text or
   * binary, masked, without reserved bits, its length in the shortest form of 7 or 16 bits (RFC 6455 §5.2).
   *
   * @param mostBytes bytes of the longest payload, at most 65,535
   * @param mostFrames how many there may be
   * @returns how many there are; the next frame, if there is one, is as it has come
   */
  scan(chunk: Uint8Array, start: number, end: number, mostBytes: number, mostFrames: number): number;
}
