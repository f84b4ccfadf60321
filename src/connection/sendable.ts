import { Buffer } from "node:buffer";

import { bytesOf, type MessageSource, type WholeMessage } from "./message.js";
import { PreparedMessage } from "./prepared-message.js";

/**
 * What can be sent. A `Blob` is read first; a source is sent as it comes, in fragments of one message. What is sent meanwhile waits
 * for its end.
 */
export type Sendable = WholeMessage | PreparedMessage | Blob | MessageSource;

/** A message that is ready to be queued. */
export type Payload = string | Uint8Array | PreparedMessage;

/** A message that has to be read first. */
export type LateMessage = Blob | MessageSource;

/**
 * `message` as it is queued or read.
 *
 * @throws TypeError for what cannot be sent.
 */
export function payloadOf(message: Sendable): Payload | LateMessage {
  if (typeof message === "string") return message;
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return bytesOf(message);
  if (message instanceof PreparedMessage || message instanceof Blob || Symbol.asyncIterator in message) return message;
  return bytesOf(message);
}

/** Whether `message` has to be read before it can be queued. */
export function isLate(message: Payload | LateMessage): message is LateMessage {
  return !(typeof message === "string" || message instanceof Uint8Array || message instanceof PreparedMessage);
}

/** Bytes of payload that `message` will take; 0 for a source, which nobody knows of. */
export function sizeOf(message: Payload | LateMessage): number {
  if (typeof message === "string") return Buffer.byteLength(message);
  if (message instanceof Blob) return message.size;
  if (message instanceof PreparedMessage) return message.payload.length;
  return isLate(message) ? 0 : message.length;
}
