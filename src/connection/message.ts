/** A message as it is received: `string` for text, `Uint8Array` for binary, yours to keep. */
export type Message = string | Uint8Array;

/** What can be sent: `string` as text, everything else as binary. A `Blob` is read first; what is sent after it waits for it. */
export type Sendable = string | ArrayBufferView | ArrayBuffer | Blob;

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
    `cannot send ${got}; send a string, Uint8Array, ArrayBuffer or Blob (JSON.stringify an object first)`,
  );
}
