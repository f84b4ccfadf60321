import type { Socket } from "node:net";

/** What lies under a `net.Socket`: Node's binding to libuv's stream. Internal, so nothing about it is taken for granted. */
interface StreamHandle {
  writeBuffer(request: object, bytes: Uint8Array): number;
}

interface StreamBinding {
  readonly WriteWrap: new () => object;
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

/** Writes bytes, all of them. */
export type Write = (bytes: Uint8Array) => void;

const binding = streamBinding();

/** The cheapest writer that this Node version offers for `socket`. Nothing else may write to the socket. */
export function socketWriter(socket: Socket): Write {
  return handleWriter(socket) ?? streamWriter(socket);
}

/** Plain `socket.write`. */
export function streamWriter(socket: Socket): Write {
  return (bytes) => void socket.write(bytes);
}

/**
 * Writes to the handle under the socket, without the stream machinery: at 64 B and 1 in flight a quarter of the generator's
 * user time. `undefined` where Node does not offer it. What the kernel does not take at once is kept by libuv.
 */
export function handleWriter(socket: Socket): Write | undefined {
  const handle = streamHandle(socket);
  if (handle === undefined || binding === undefined) return undefined;
  const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding;
  const newRequest = (): object => Object.assign(new WriteWrap(), { handle, oncomplete: () => {} });

  // Node keeps a request only while a write is pending: one that went out at once can be used again.
  let request = newRequest();
  return (bytes) => {
    const status = handle.writeBuffer(request, bytes);
    if (status !== 0) socket.destroy(new Error(`write failed with status ${status}`));
    else if (streamBaseState[kLastWriteWasAsync] !== 0) request = newRequest();
  };
}

function streamHandle(socket: Socket): StreamHandle | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null || !("writeBuffer" in handle)) return undefined;
  return typeof handle.writeBuffer === "function" ? (handle as StreamHandle) : undefined;
}

function streamBinding(): StreamBinding | undefined {
  const lookUp: unknown = Reflect.get(process, "binding");
  if (typeof lookUp !== "function") return undefined;
  try {
    const found = Reflect.apply(lookUp, process, ["stream_wrap"]) as Partial<StreamBinding>;
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = found;
    if (WriteWrap === undefined || streamBaseState === undefined || kLastWriteWasAsync === undefined) return undefined;
    return { WriteWrap, streamBaseState, kLastWriteWasAsync };
  } catch {
    return undefined;
  }
}
