/** A message as it is received: `string` for text, `Uint8Array` for binary, yours to keep unless a handler `borrows`. */
export type Message = string | Uint8Array;

/** A message that is there as a whole: `string` is sent as text, everything else as binary. */
export type WholeMessage = string | ArrayBufferView | ArrayBuffer;

/**
 * A message that comes piece by piece: an async generator, a `ReadableStream`, a stream of Node's. Its first piece says whether it is
 * text (strings) or binary (bytes); all must be of that kind.
 */
export type MessageSource = AsyncIterable<string | Uint8Array>;

/**
 * The bytes of a binary message, as a view without a copy.
 *
 * @throws TypeError for what cannot be sent, a number among it: it would be taken for a length by older APIs.
 */
export function bytesOf(message: ArrayBufferView | ArrayBuffer): Uint8Array {
  if (message instanceof Uint8Array) return message;
  if (ArrayBuffer.isView(message)) return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  const got = message === null ? "null" : typeof message;
  throw new TypeError(
    `cannot send ${got}; send a string, Uint8Array, ArrayBuffer, Blob or async iterable (JSON.stringify an object first)`,
  );
}
