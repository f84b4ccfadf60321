/**
 * The floor of a server in JavaScript on Node: the handles of its TCP connections, one call from libuv for each read and one back for each
 * write, and next to nothing in between. No limits, no checks, no fragments, no messages: a frame is unmasked where it lies and its header
 * written before it. What is above this line is a library's; what is below, Node's and the kernel's.
 */
import { createHash } from "node:crypto";
import { type AddressInfo, createServer } from "node:net";
import { reportPort } from "./server-control.js";

interface Handle {
  kind?: "echo" | "/subscribe" | "/broadcast";
  rest?: Buffer | undefined;
  onread: (this: Handle) => void;
  readStart(): number;
  setNoDelay(isWanted: boolean): number;
  useUserBuffer(buffer: Buffer): void;
  writeBuffer(request: object | null, bytes: Uint8Array): number;
  close(): void;
}

interface StreamBinding {
  readonly WriteWrap: new () => object;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
}

// Not for a library: it is deprecated. There is no other way to so little.
const binding = (process as unknown as { binding(name: string): StreamBinding }).binding("stream_wrap");
const { WriteWrap, streamBaseState: state, kReadBytesOrError, kLastWriteWasAsync } = binding;
const request = Number.parseInt(process.versions.node, 10) < 26 ? new WriteWrap() : null;
const shared = Buffer.allocUnsafeSlow(64 * 1024);
/** Of a client: two bytes and a mask key, RFC 6455 §5.2. */
const SHORTEST_FRAME_BYTES = 6;
const subscribers = new Set<Handle>();

function write(handle: Handle, bytes: Uint8Array): void {
  const result = handle.writeBuffer(request, bytes);
  if (result !== 0 || state[kLastWriteWasAsync] !== 0) throw new Error("the peer does not read what it asked for");
}

function accept(handle: Handle, head: string): void {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
  const path = head.split(" ", 2)[1];
  handle.kind = path === "/subscribe" || path === "/broadcast" ? path : "echo";
  if (handle.kind === "/subscribe") subscribers.add(handle);
  const proof = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  write(
    handle,
    Buffer.from(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`,
    ),
  );
}

/** Makes of the masked frames in `bytes[0, end)` those of a server, side by side; gives where they end, and where what is not whole begins. */
function turnRound(bytes: Buffer, end: number): { readonly written: number; readonly taken: number } {
  let at = 0;
  let to = 0;
  while (end - at >= SHORTEST_FRAME_BYTES) {
    const short = (bytes[at + 1] as number) & 0x7f;
    const isLong = short === 126;
    const length = isLong ? bytes.readUInt16BE(at + 2) : short;
    const keyAt = at + (isLong ? 4 : 2);
    const from = keyAt + 4;
    if (from + length > end) break;
    const first = bytes[at] as number;
    const key = [bytes[keyAt], bytes[keyAt + 1], bytes[keyAt + 2], bytes[keyAt + 3]] as [
      number,
      number,
      number,
      number,
    ];
    bytes[to] = first;
    bytes[to + 1] = short;
    if (isLong) bytes.writeUInt16BE(length, to + 2);
    to += isLong ? 4 : 2;
    for (let i = 0; i < length; i++) bytes[to + i] = (bytes[from + i] as number) ^ (key[i & 3] as number);
    to += length;
    at = from + length;
  }
  return { written: to, taken: at };
}

function onRead(this: Handle): void {
  const count = state[kReadBytesOrError] as number;
  if (count < 0) {
    subscribers.delete(this);
    this.close();
  } else if (count > 0) take(this, count);
}

function take(handle: Handle, count: number): void {
  if (handle.kind === undefined) {
    accept(handle, shared.toString("latin1", 0, count));
    return;
  }
  let bytes = shared;
  let end = count;
  if (handle.rest !== undefined) {
    bytes = Buffer.concat([handle.rest, shared.subarray(0, count)]);
    end = bytes.length;
    handle.rest = undefined;
  }
  const { written, taken } = turnRound(bytes, end);
  if (taken < end) handle.rest = Buffer.from(bytes.subarray(taken, end));
  if (written === 0) return;
  const frames = bytes.subarray(0, written);
  if (handle.kind === "echo") write(handle, frames);
  else for (const subscriber of subscribers) write(subscriber, frames);
}

const server = createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  const listening = (server as unknown as { _handle: { onconnection: (error: number, handle: Handle) => void } })
    ._handle;
  listening.onconnection = (_error, handle) => {
    handle.onread = onRead;
    handle.setNoDelay(true);
    handle.useUserBuffer(shared);
    handle.readStart();
  };
  reportPort((server.address() as AddressInfo).port);
});
