import type { FaultCode } from "./fault.js";

/** What the receiver lets a peer pile up. Every figure is a positive integer or `Infinity`. */
export interface ReceiveLimits {
  /** Bytes of payload in one frame; more is fault `frame-too-big`. */
  readonly maxFrameBytes: number;
  /** Bytes of payload in one message, its fragments added up; more is fault `message-too-big`. */
  readonly maxMessageBytes: number;
  /** Frames in one message, empty ones counted; more is fault `too-many-fragments`. */
  readonly maxFragments: number;
}

/** Which messages an endpoint takes; one of another type is fault `unsupported-data`. */
export type MessageTypes = "any" | "text" | "binary";

/**
 * Which limit a frame of `length` bytes breaks, in a message that has `messageBytes` already. RFC 6455 §10.4: limits on frames and on
 * reassembled messages, held before anything is allocated.
 */
export function exceededLimit(
  { maxMessageBytes, maxFrameBytes }: ReceiveLimits,
  messageBytes: number,
  length: number,
  isCompressed: boolean,
): FaultCode | undefined {
  // The message first: who has set maxMessageBytes alone is to see its name, however the peer cut the message up.
  const total = messageBytes + length;
  if (total > (isCompressed ? mostCompressed(maxMessageBytes) : maxMessageBytes)) return "message-too-big";
  if (length > (isCompressed ? mostCompressed(maxFrameBytes) : maxFrameBytes)) return "frame-too-big";
  return undefined;
}

/**
 * The most that a message of up to `limit` bytes takes compressed: data that does not shrink grows by five bytes for each stored
 * block (RFC 1951 §3.2.4). The message itself is held to the limit as it is inflated.
 */
function mostCompressed(limit: number): number {
  return limit + Math.ceil(limit / 1024) + 64;
}
