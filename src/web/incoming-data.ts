/** The bytes of a message, which is ours to keep, as memory of its own. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = bytes;
  return (byteLength === buffer.byteLength ? buffer : bytes.slice().buffer) as ArrayBuffer;
}
