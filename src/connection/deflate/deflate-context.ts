import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, type DeflateRaw } from "node:zlib";

import { type Deferred, defer } from "../../internal/deferred.js";
import { canRunZlibInTurn, ZlibInTurn } from "./zlib-in-turn.js";
import { chunkSize, lendOutput, takeOutputBack } from "./zlib-output.js";

/** How a compressor is set up. */
export interface DeflateSettings {
  readonly level: number;
  readonly memLevel: number;
  /** 9 to 15. */
  readonly windowBits: number;
}

const SCRATCH_BYTES = 64 * 1024;
/** What every flush ends with. */
const TAIL_BYTES = 4;

/** What is compressed in the turn is written here, whoever compresses it. */
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** What is being compressed on zlib's threads. */
interface Job {
  readonly chunks: Uint8Array[];
  readonly done: Deferred<Uint8Array>;
}

/**
 * One compressor. Each call flushes (Z_SYNC_FLUSH), so what it returns holds all of the input and ends with the four bytes
 * 00 00 FF FF of an empty block. One call at a time: who uses it waits for the promise of `runAside` before the next.
 */
export class DeflateContext {
  readonly #stream: DeflateRaw;
  readonly #inTurn: ZlibInTurn | undefined;
  #job: Job | undefined;

  /** @param allowInTurn false for a context that is never to be driven within the turn, as where the runtime cannot */
  constructor({ level, memLevel, windowBits }: DeflateSettings, allowInTurn: boolean = canRunZlibInTurn()) {
    this.#stream = createDeflateRaw({ level, memLevel, windowBits, chunkSize: chunkSize() });
    this.#inTurn = allowInTurn ? ZlibInTurn.of(this.#stream) : undefined;
    this.#stream.on("data", (chunk: Buffer) => this.#job?.chunks.push(chunk));
    this.#stream.on("error", (error) => this.#fail(error));
    this.#stream.on("close", () => this.#fail(new Error("the compressor was closed")));
  }

  /** Compresses `bytes` at once; the result is borrowed: good until anything else is compressed. `undefined` where it cannot. */
  runNow(bytes: Uint8Array): Uint8Array | undefined {
    const zlib = this.#inTurn;
    if (zlib === undefined) return undefined;
    zlib.run(constants.Z_SYNC_FLUSH, bytes, 0, bytes.length, scratch, SCRATCH_BYTES);
    if (zlib.produced < SCRATCH_BYTES) return scratch.subarray(0, zlib.produced);
    return this.#runOn(zlib, bytes);
  }

  /** The output has filled the scratch buffer: gathers the rest. */
  #runOn(zlib: ZlibInTurn, bytes: Uint8Array): Uint8Array {
    const chunks = [Buffer.from(scratch)];
    let at = zlib.taken;
    do {
      zlib.run(constants.Z_SYNC_FLUSH, bytes, at, bytes.length, scratch, SCRATCH_BYTES);
      at += zlib.taken;
      chunks.push(Buffer.from(scratch.subarray(0, zlib.produced)));
    } while (zlib.produced === SCRATCH_BYTES);
    return Buffer.concat(chunks);
  }

  /** Compresses `bytes`, which must stay as they are meanwhile, on zlib's threads. Rejects when the context is closed first. */
  runAside(bytes: Uint8Array): Promise<Uint8Array> {
    const job: Job = { chunks: [], done: defer() };
    this.#job = job;
    lendOutput(this.#stream);
    this.#stream.write(bytes);
    this.#stream.flush(constants.Z_SYNC_FLUSH, () => this.#finish(job));
    return job.done.promise;
  }

  /** Whether it can begin anew, for another message. */
  get canReset(): boolean {
    return this.#job === undefined && !this.#stream.destroyed;
  }

  /** Forgets what came before: what follows does not refer to it. */
  reset(): void {
    this.#stream.reset();
  }

  /** Frees zlib's memory. Idempotent. */
  close(): void {
    this.#stream.destroy();
  }

  #finish(job: Job): void {
    if (this.#job !== job || this.#stream.destroyed) return;
    // What the stream still holds is given to its `data` listener.
    while (this.#stream.read() !== null);
    takeOutputBack(this.#stream);
    this.#job = undefined;
    job.done.resolve(job.chunks.length === 1 ? (job.chunks[0] as Uint8Array) : Buffer.concat(job.chunks));
  }

  #fail(error: Error): void {
    const job = this.#job;
    this.#job = undefined;
    job?.done.reject(error);
  }
}

/** RFC 7692 §7.2.1: the sender removes the four bytes that every flush ends with. */
export function withoutTail(flushed: Uint8Array): Uint8Array {
  return flushed.subarray(0, flushed.length - TAIL_BYTES);
}
