import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { constants, deflateRawSync } from "node:zlib";
import WebSocket from "ws";
import { ChatMessages } from "../compression/messages.js";

const MESSAGES = 61;
/** RFC 7692 §7.2.1: the end of a flush is not sent. */
const FLUSH_TAIL_BYTES = 4;

/**
 * Writes the payloads that the generator sends: JSON of a chat, each compressed by itself, so that they may be sent in any order whatever was
 * agreed on.
 */
export async function writeCompressedFrames(file: string): Promise<void> {
  const chat = new ChatMessages();
  const parts = Array.from({ length: MESSAGES }, () => {
    const packed = deflateRawSync(chat.next(), { windowBits: 9, finishFlush: constants.Z_SYNC_FLUSH });
    const payload = packed.subarray(0, -FLUSH_TAIL_BYTES);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(payload.length);
    return Buffer.concat([length, payload]);
  });
  await writeFile(file, Buffer.concat(parts));
}

/** Has a server echo some chat to a client of ws, and compares: the generator does not inflate. Rejects when it is not the same. */
export async function compareCompressed(port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { perMessageDeflate: { threshold: 0 } });
  await once(socket, "open");
  if (!socket.extensions.includes("permessage-deflate")) throw new Error("the server agreed on no compression");
  const chat = new ChatMessages();
  let plainBytes = 0;
  for (let i = 0; i < MESSAGES; i++) {
    const message = chat.next();
    const answered = once(socket, "message") as Promise<[Buffer]>;
    socket.send(message);
    const [echo] = await answered;
    if (echo.toString() !== message) throw new Error("a compressed echo differs from its message");
    plainBytes += echo.length;
  }
  if (receivedBy(socket) > plainBytes) throw new Error("the server agreed on compression and did not compress");
  socket.close();
  await once(socket, "close");
}

/** Bytes from the server, the handshake's included. ws keeps its socket to itself. */
function receivedBy(socket: WebSocket): number {
  const { _socket: inner } = socket as unknown as { _socket: { readonly bytesRead: number } };
  return inner.bytesRead;
}
