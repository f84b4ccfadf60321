import { types } from "node:util";

import { stringOf } from "./web-string.js";

/** What a WebSocket of the web sends: text, bytes that are its own, or a blob. */
export type OutgoingData = string | Uint8Array<ArrayBuffer> | Blob;

/**
 * What `send` is given, as WebIDL converts it: bytes are copied, for they may be changed once `send` has returned; what is neither
 * bytes nor a blob becomes a string. Bytes may come of another realm, whose classes are not ours.
 *
 * @throws TypeError for shared or resizable memory, and for what has no string, such as a symbol.
 */
export function readOutgoingData(data: unknown): OutgoingData {
  if (typeof data === "string" || data instanceof Blob) return data;
  if (ArrayBuffer.isView(data)) return copyOf(data.buffer, data.byteOffset, data.byteLength);
  if (types.isAnyArrayBuffer(data)) return copyOf(data, 0, data.byteLength);
  return stringOf(data);
}

/** Bytes that `data` takes on the wire, without the frame's header. */
export function sizeOfData(data: OutgoingData): number {
  if (typeof data === "string") return Buffer.byteLength(data);
  return data instanceof Blob ? data.size : data.byteLength;
}

function copyOf(buffer: ArrayBufferLike, start: number, length: number): Uint8Array<ArrayBuffer> {
  // WebIDL: a BufferSource without [AllowShared] and [AllowResizable] takes neither.
  if (!(buffer instanceof ArrayBuffer) && types.isSharedArrayBuffer(buffer)) {
    throw new TypeError("cannot send shared memory; send a copy: view.slice()");
  }
  if ((buffer as { readonly resizable?: boolean }).resizable === true) {
    throw new TypeError("cannot send resizable memory; send a copy: view.slice()");
  }
  // Memory that was transferred is empty, and a view of it throws.
  return length === 0 ? new Uint8Array() : new Uint8Array(buffer, start, length).slice();
}
