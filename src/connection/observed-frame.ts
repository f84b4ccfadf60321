import { FIN, RSV1 } from "../protocol/index.js";
import type { ObservedFrame } from "./observer.js";

/** Bytes of a payload that observers see. */
export const MOST_SHOWN_BYTES = 1_024;

const OPCODE_BITS = 0x0f;

/** A frame as observers are shown it; `payload` may be more than they see. */
export function observedFrame(
  direction: "in" | "out",
  firstByte: number,
  isMasked: boolean,
  payloadLength: number,
  payload: Uint8Array,
): ObservedFrame {
  return {
    direction,
    opcode: firstByte & OPCODE_BITS,
    isFinal: (firstByte & FIN) !== 0,
    rsv1: (firstByte & RSV1) !== 0,
    isMasked,
    payloadLength,
    payload: payload.subarray(0, MOST_SHOWN_BYTES),
  };
}
