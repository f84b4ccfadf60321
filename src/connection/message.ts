import { types } from "node:util";

/** A message as it is received: `string` for text, `Uint8Array` for binary, yours to keep unless a handler `borrows`. */
export type Message = string | Uint8Array;

/** A message that is there as a whole: `string` is sent as text, everything else as binary. */
export type WholeMessage = string | ArrayBufferView | ArrayBuffer;

/**
 * A message that comes piece by piece: an async generator, a `ReadableStream`, a stream of Node's. Its first piece says whether it is
 * text (strings) or binary (bytes); all must be of that kind.
 */
export type MessageSource = AsyncIterable<string | Uint8Array>;

/** What is said of one whose memory somebody else has by now. */
export const TRANSFERRED =
  "cannot send bytes whose buffer was transferred: transfer a copy, or transfer it once `bufferedBytes` is 0";

/**
 * The bytes of a binary message, as a view without a copy.
 *
 * @throws TypeError for what cannot be sent: a number among it, which older APIs would take for a length, and what has been transferred.
 */
export function bytesOf(message: ArrayBufferView | ArrayBuffer): Uint8Array {
  if (message instanceof Uint8Array) {
    if (message.length === 0) checkThere(message.buffer);
    return message;
  }
  // By what they are, not by their class: those of another realm have others.
  if (ArrayBuffer.isView(message)) {
    checkThere(message.buffer);
    return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  }
  if (types.isArrayBuffer(message)) {
    checkThere(message);
    return new Uint8Array(message);
  }
  const got = message === null ? "null" : typeof message;
  throw new TypeError(
    `cannot send ${got}; send a string, Uint8Array, ArrayBuffer, Blob or async iterable (JSON.stringify an object first)`,
  );
}

/** @throws TypeError where `buffer` has been transferred to somebody else: it says that it is empty, and would be sent as that. */
function checkThere(buffer: ArrayBufferLike): void {
  if (buffer.byteLength === 0 && isDetached(buffer)) throw new TypeError(TRANSFERRED);
}

/** As `buffer.detached`, which is not on Node 20. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).buffer !== buffer;
  } catch {
    return true;
  }
}
