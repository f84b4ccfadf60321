/** The `Blob` of the runtime, whichever library of types declares it. */
export type RuntimeBlob = typeof globalThis extends { Blob: { prototype: infer B } } ? B : { readonly size: number };

/** What can be sent: text, bytes, or a `Blob` where the socket takes one. */
export type Sendable = string | ArrayBufferLike | ArrayBufferView | RuntimeBlob;

/** What `binaryType` may be, as of a WHATWG `WebSocket`. */
export type BinaryType = "arraybuffer" | "blob";

/** What arrives: text as `string`, binary as `binaryType` says. */
export type Received<B extends BinaryType = BinaryType> = string | (B extends "blob" ? RuntimeBlob : ArrayBuffer);

const encoder = new TextEncoder();

/** How many bytes `message` has on the wire, frame headers not counted: the measure of `bufferedAmount`. */
export function byteLengthOf(message: Sendable | Received): number {
  if (typeof message === "string") return encoder.encode(message).length;
  return "byteLength" in message ? message.byteLength : (message as { readonly size: number }).size;
}

/** Bytes of its own, so that what a caller does with a buffer after `send` changes nothing. A `Blob` cannot change. */
export function snapshotOf(message: Sendable): Sendable {
  if (typeof message === "string" || !("byteLength" in message)) return message;
  if (!ArrayBuffer.isView(message)) return message.slice(0);
  return new Uint8Array(message.buffer, message.byteOffset, message.byteLength).slice();
}

export function isSendable(value: unknown): value is Sendable {
  const { byteLength, size, arrayBuffer } = Object(value) as Readonly<Record<string, unknown>>;
  return typeof value === "string" || byteLength !== undefined || (size !== undefined && arrayBuffer !== undefined);
}
