import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from "node:zlib";

/** What a zlib stream of Node holds to work without its stream. */
interface ZlibHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputStart: number,
    inputLength: number,
    output: Uint8Array,
    outputStart: number,
    outputLength: number,
  ): void;
}

interface ZlibParts {
  readonly _handle?: Partial<ZlibHandle> | null;
  /** After a call: how much room is left in the output, and how much is left of the input. */
  readonly _writeState?: unknown;
}

/**
 * Drives the zlib of a stream within the turn. The streams of `node:zlib` go to the thread pool for every message and come back in
 * another turn, which costs ten times what a message of a hundred bytes takes (60 against 6 microseconds, Node 20) and loses the order
 * to messages that are not compressed. The parts used here are Node's own, so they are tried once; where they are
 * missing the streams themselves serve, under the same tests.
 */
export class ZlibInTurn {
  readonly #stream: DeflateRaw | InflateRaw;
  readonly #handle: ZlibHandle;
  readonly #state: Uint32Array;
  /** Bytes of the input that the last `run` took. */
  taken = 0;
  /** Bytes that it wrote to the output. */
  produced = 0;

  private constructor(stream: DeflateRaw | InflateRaw, handle: ZlibHandle, state: Uint32Array) {
    this.#stream = stream;
    this.#handle = handle;
    this.#state = state;
  }

  /** The zlib of `stream`, or `undefined` where this runtime has no such parts. */
  static of(stream: DeflateRaw | InflateRaw): ZlibInTurn | undefined {
    const { _handle: handle, _writeState: state } = stream as unknown as ZlibParts;
    if (typeof handle?.writeSync !== "function" || !(state instanceof Uint32Array)) return undefined;
    return new ZlibInTurn(stream, handle as ZlibHandle, state);
  }

  /**
   * Gives `input[start, end)` to zlib, which writes up to `room` bytes at the beginning of `output`. False when the data is bad:
   * the stream is destroyed then.
   */
  run(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array, room: number): boolean {
    this.#handle.writeSync(flush, input, start, end - start, output, 0, room);
    if (this.#stream.destroyed) return false;
    const state = this.#state;
    this.produced = room - (state[0] as number);
    this.taken = end - start - (state[1] as number);
    return true;
  }
}

let isPossible: boolean | undefined;

/** Whether this runtime lets zlib be driven within the turn: found out once, by doing it. */
export function canRunZlibInTurn(): boolean {
  isPossible ??= tryOnce();
  return isPossible;
}

function tryOnce(): boolean {
  const text = Buffer.from("halyard halyard halyard");
  const packed = Buffer.alloc(64);
  const unpacked = Buffer.alloc(64);
  const deflate = createDeflateRaw();
  const inflate = createInflateRaw();
  try {
    const packing = ZlibInTurn.of(deflate);
    const unpacking = ZlibInTurn.of(inflate);
    if (packing === undefined || unpacking === undefined) return false;
    packing.run(constants.Z_SYNC_FLUSH, text, 0, text.length, packed, packed.length);
    unpacking.run(constants.Z_SYNC_FLUSH, packed, 0, packing.produced, unpacked, unpacked.length);
    return unpacked.subarray(0, unpacking.produced).equals(text);
  } catch {
    return false;
  } finally {
    deflate.destroy();
    inflate.destroy();
  }
}
