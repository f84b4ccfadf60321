import type { Duplex } from "node:stream";

/** The part of the handle of Node's sockets that writes. */
export interface SocketHandle {
  writeBuffer(request: object, bytes: Uint8Array): number;
  writev(request: object, chunks: unknown[], areAllBuffers: boolean): number;
  readonly writeQueueSize: number;
}

export function handleOf(socket: Duplex): SocketHandle {
  return (socket as unknown as { readonly _handle: SocketHandle })._handle;
}

/** Makes `socket` one that can be written to by its stream only, as where a runtime has no handles like Node's. */
export function withoutDirectWrites(socket: Duplex): Duplex {
  const handle = handleOf(socket);
  const writeBuffer = handle.writeBuffer.bind(handle);
  handle.writeBuffer = (request, bytes) => writeBuffer(request, bytes);
  return socket;
}
