import { applyMask, MAX_HEADER_BYTES, type Receiver, rotateMaskKey } from "../protocol/index.js";
import { MOST_SHOWN_BYTES, observedFrame } from "./observed-frame.js";
import type { ObservedFrame } from "./observer.js";

const MASK_BIT = 0x80;
const LENGTH_BITS = 0x7f;

/** What `Inflow` feeds. */
export type Feed = Pick<Receiver, "push">;

/**
 * Stands before the receiver of a connection whose frames are observed. It gives it one frame at a time and tells of each before
 * that, so what an observer sees is in the order of the wire, and what a frame brings about comes behind it. It judges nothing:
 * where the receiver refuses, it stops.
 */
export class FrameWatch implements Feed {
  readonly #receiver: Receiver;
  readonly #tell: (frame: ObservedFrame) => void;
  /** The header under way, and then that of the frame under way. */
  readonly #header: Uint8Array = new Uint8Array(MAX_HEADER_BYTES);
  #headerBytes = 0;
  /** Of the frame under way, once its header is whole. */
  #frame: FrameUnderWay | undefined;

  constructor(receiver: Receiver, tell: (frame: ObservedFrame) => void) {
    this.#receiver = receiver;
    this.#tell = tell;
  }

  push(chunk: Uint8Array, start: number, end: number): number {
    let at = this.#receiver.isEnded ? end : start;
    while (at < end) {
      const stop = this.#walk(chunk, at, end);
      at = this.#receiver.push(chunk, at, stop);
      if (this.#receiver.takesMore) continue;
      if (this.#receiver.isEnded) this.#tellFrame();
      return this.#receiver.isEnded ? end : at;
    }
    return at;
  }

  /** Looks at the bytes up to the end of the frame, or of the chunk; returns where that is. */
  #walk(chunk: Uint8Array, start: number, end: number): number {
    let at = start;
    while (this.#frame === undefined) {
      if (at === end) return end;
      this.#header[this.#headerBytes++] = chunk[at++] as number;
      this.#frame = readHeader(this.#header, this.#headerBytes);
    }
    const frame = this.#frame;
    const stop = Math.min(end, at + frame.payloadLength - frame.come);
    frame.take(chunk, at, stop);
    if (frame.isShownWhole) this.#tellFrame();
    if (frame.come === frame.payloadLength) {
      this.#frame = undefined;
      this.#headerBytes = 0;
    }
    return stop;
  }

  #tellFrame(): void {
    const frame = this.#frame;
    if (frame === undefined || frame.isTold) return;
    frame.isTold = true;
    this.#tell(observedFrame("in", this.#header[0] as number, frame.isMasked, frame.payloadLength, frame.shown));
  }
}

/** A frame whose header has come. */
class FrameUnderWay {
  readonly payloadLength: number;
  readonly isMasked: boolean;
  readonly #maskKey: number;
  readonly #payload: Uint8Array;
  /** Bytes of its payload that have come. */
  come = 0;
  isTold = false;

  constructor(payloadLength: number, maskKey: number | undefined) {
    this.payloadLength = payloadLength;
    this.isMasked = maskKey !== undefined;
    this.#maskKey = maskKey ?? 0;
    this.#payload = new Uint8Array(Math.min(payloadLength, MOST_SHOWN_BYTES));
  }

  /** What has come of that which is shown. */
  get shown(): Uint8Array {
    return this.#payload.subarray(0, this.come);
  }

  get isShownWhole(): boolean {
    return this.come >= this.#payload.length;
  }

  take(chunk: Uint8Array, start: number, end: number): void {
    const before = this.come;
    this.come += end - start;
    const stop = Math.min(this.come, this.#payload.length);
    if (before >= stop) return;
    this.#payload.set(chunk.subarray(start, start + stop - before), before);
    applyMask(this.#payload, before, stop, rotateMaskKey(this.#maskKey, before));
  }
}

/** The frame that `header` announces, once its `available` bytes are all of it. RFC 6455 §5.2. */
function readHeader(header: Uint8Array, available: number): FrameUnderWay | undefined {
  if (available < 2) return undefined;
  const second = header[1] as number;
  const short = second & LENGTH_BITS;
  const lengthEnd = short < 126 ? 2 : short === 126 ? 4 : 10;
  const isMasked = (second & MASK_BIT) !== 0;
  if (available < lengthEnd + (isMasked ? 4 : 0)) return undefined;
  const view = new DataView(header.buffer);
  let length = short;
  if (lengthEnd === 4) length = view.getUint16(2);
  if (lengthEnd === 10) length = Number(view.getBigUint64(2));
  return new FrameUnderWay(length, isMasked ? view.getInt32(lengthEnd) : undefined);
}
