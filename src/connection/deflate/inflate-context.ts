import type { Buffer } from "node:buffer";
import { constants, createInflateRaw, type InflateRaw } from "node:zlib";

import { type Deferred, defer } from "../../internal/deferred.js";
import { canRunZlibInTurn, ZlibInTurn } from "./zlib-in-turn.js";
import { chunkSize, lendOutput, takeOutputBack } from "./zlib-output.js";

/** Takes a piece of the output, which is its own to keep; returns whether it takes more at once. */
export type OnInflated = (chunk: Uint8Array) => boolean;

/**
 * How the data of a message ends, once the four bytes that its sender removed are put back: with the empty block that RFC 7692
 * §7.2.1 asks for (`"flushed"`), with a final block (`"final"`, §7.2.3.5), or in the middle of a block (`"cut"`).
 */
export type MessageEnd = "flushed" | "final" | "cut";

/** RFC 7692 §7.2.2: 00 00 FF FF is put back; and one byte more, which nothing takes when they end a block. */
const TAIL_BYTES = 4;
const TAIL_AND_PROBE = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x00);
/** The same and then an empty final block, which a whole message ends the stream with. */
const TAIL_AND_FINAL = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff);
const NOTHING = new Uint8Array(0);
/** Whole messages put nothing out at their end; what a cut one does is not looked at. */
const probeOutput = new Uint8Array(64);

/** What is being inflated on zlib's threads. */
interface Job {
  readonly onInflated: OnInflated;
  readonly done: Deferred<number>;
  readonly length: number;
  readonly takenBefore: number;
  isWritten: boolean;
}

/** One inflater. One call at a time: who uses it waits for the promise of `runAside` before the next. */
export class InflateContext {
  readonly #stream: InflateRaw;
  /** Where it is there, the inflater can be driven within the turn, and goes on from one message to the next. */
  readonly inTurn: ZlibInTurn | undefined;
  #job: Job | undefined;
  #end: Deferred<MessageEnd> | undefined;
  /** Whether the stream has seen its end, after which it cannot begin anew. */
  #isSpent = false;

  /**
   * @param dictionary what an inflater before this one has put out last, to which the data may refer back
   * @param allowInTurn false for a context that is never to be driven within the turn, as where the runtime cannot
   */
  constructor(windowBits: number, dictionary: Uint8Array = NOTHING, allowInTurn: boolean = canRunZlibInTurn()) {
    this.#stream = createInflateRaw({
      windowBits,
      chunkSize: chunkSize(),
      ...(dictionary.length > 0 && { dictionary }),
    });
    this.inTurn = allowInTurn ? ZlibInTurn.of(this.#stream) : undefined;
    this.#stream.on("error", (error) => this.#fail(error));
    this.#stream.on("close", () => this.#fail(new Error("the inflater was closed")));
  }

  /** Whether it can begin anew, for another message. */
  get canReset(): boolean {
    return this.inTurn !== undefined && this.#job === undefined && !this.#isSpent && !this.#stream.destroyed;
  }

  /** How the message ends whose data has been run through. Only where there is `inTurn`. */
  endNow(): MessageEnd {
    const zlib = this.inTurn as ZlibInTurn;
    const { length } = TAIL_AND_PROBE;
    // Z_BLOCK: zlib stops at the end of a block, so the probe is left exactly where the tail has ended one.
    if (!zlib.run(constants.Z_BLOCK, TAIL_AND_PROBE, 0, length, probeOutput, probeOutput.length)) return "cut";
    if (zlib.taken > 0) return zlib.taken === length - 1 && zlib.produced === 0 ? "flushed" : "cut";
    // It took nothing: after a final block, where it takes no more, or for want of a block that the tail could end.
    const isValid = zlib.run(constants.Z_SYNC_FLUSH, TAIL_AND_PROBE, 0, length, probeOutput, probeOutput.length);
    return isValid && zlib.taken === 0 ? "final" : "cut";
  }

  /**
   * Inflates `bytes`, which must stay as they are meanwhile, on zlib's threads. When `onInflated` returns false it goes on after
   * `resume`. Resolves, once all output has been given out, with how many bytes were taken: less than all when a final block
   * has ended the data. Rejects for bad data, and when the context is closed first.
   */
  runAside(bytes: Uint8Array, onInflated: OnInflated): Promise<number> {
    this.#listen();
    const takenBefore = this.#stream.bytesWritten;
    const job: Job = { onInflated, done: defer(), length: bytes.length, takenBefore, isWritten: false };
    this.#job = job;
    lendOutput(this.#stream);
    this.#stream.resume();
    this.#stream.write(bytes, () => {
      job.isWritten = true;
      this.#settle();
    });
    return job.done.promise;
  }

  /** Gives out more of what `runAside` inflates. */
  resume(): void {
    this.#stream.resume();
  }

  /** As `endNow`, or, without `inTurn`, by the stream, which is good for nothing after that. */
  async end(): Promise<MessageEnd> {
    if (this.inTurn !== undefined) return this.endNow();
    this.#listen();
    const end = defer<MessageEnd>();
    this.#end = end;
    const before = this.#stream.bytesWritten;
    this.#stream.once("data", () => end.resolve("cut"));
    this.#stream.once("end", () => {
      const taken = this.#stream.bytesWritten - before;
      if (taken === 0) end.resolve("final");
      // A final block may be the very one whose last four bytes were put back.
      else end.resolve(taken === TAIL_BYTES || taken === TAIL_AND_FINAL.length ? "flushed" : "cut");
    });
    this.#stream.end(TAIL_AND_FINAL);
    return await end.promise;
  }

  /** Forgets what came before. Only while `canReset`. */
  reset(): void {
    this.#stream.reset();
  }

  /** Frees zlib's memory. Idempotent. */
  close(): void {
    this.#stream.destroy();
  }

  #listen(): void {
    if (this.#stream.listenerCount("data") > 0) return;
    this.#stream.on("data", (chunk: Buffer) => this.#onData(chunk));
  }

  #onData(chunk: Buffer): void {
    const job = this.#job;
    if (job === undefined) return;
    if (!job.onInflated(chunk)) this.#stream.pause();
    this.#settle();
  }

  #settle(): void {
    const job = this.#job;
    if (job?.isWritten !== true || this.#stream.readableLength > 0 || this.#stream.destroyed) return;
    this.#job = undefined;
    takeOutputBack(this.#stream);
    const taken = this.#stream.bytesWritten - job.takenBefore;
    this.#isSpent ||= taken < job.length;
    job.done.resolve(taken);
  }

  #fail(error: Error): void {
    const job = this.#job;
    this.#job = undefined;
    job?.done.reject(error);
    this.#end?.resolve("cut");
  }
}
