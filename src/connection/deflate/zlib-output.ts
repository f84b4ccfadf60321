import { Buffer } from "node:buffer";
import { createInflateRaw, type DeflateRaw, type InflateRaw } from "node:zlib";

/** Where a zlib stream of Node has zlib write to. */
interface StreamOutput {
  _outBuffer: Buffer;
  _outOffset: number;
  _chunkSize: number;
}

/** The least that a stream can be made with. */
const LEAST_BYTES = 64;
/** With a quarter of it, inflating on zlib's threads takes two and a half times as long (26 against 10 ms for 2.7 MB, Node 20). */
const CHUNK_BYTES = 64 * 1024;

const nothing = Buffer.alloc(LEAST_BYTES);

let isPossible: boolean | undefined;

/** Whether this runtime's streams can be given another output, found out once. */
function canLendOutput(): boolean {
  if (isPossible === undefined) {
    const stream = createInflateRaw({ chunkSize: LEAST_BYTES });
    const { _outBuffer, _outOffset, _chunkSize } = stream as unknown as Partial<StreamOutput>;
    isPossible = Buffer.isBuffer(_outBuffer) && _outOffset === 0 && _chunkSize === LEAST_BYTES;
    stream.destroy();
  }
  return isPossible;
}

/**
 * The `chunkSize` to make a stream with. A stream has its output for life, so a connection would own two that it hardly ever uses;
 * where that can be helped it begins with the least, and gets more for as long as it works.
 */
export function chunkSize(): number {
  return canLendOutput() ? LEAST_BYTES : CHUNK_BYTES;
}

/** Gives `stream` room to work with. It must be idle. */
export function lendOutput(stream: DeflateRaw | InflateRaw): void {
  if (canLendOutput()) replaceOutput(stream, Buffer.allocUnsafeSlow(CHUNK_BYTES));
}

/** Takes that back once it is idle again. */
export function takeOutputBack(stream: DeflateRaw | InflateRaw): void {
  if (canLendOutput()) replaceOutput(stream, nothing);
}

function replaceOutput(stream: DeflateRaw | InflateRaw, bytes: Buffer): void {
  const output = stream as unknown as StreamOutput;
  output._outBuffer = bytes;
  output._outOffset = 0;
  output._chunkSize = bytes.length;
}
