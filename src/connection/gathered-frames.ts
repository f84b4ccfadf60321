import { Buffer } from "node:buffer";

import { applyMask, FIN, frameHeaderLength, Opcode, writeFrameHeader, writeUint32 } from "../protocol/index.js";
import { CommonRun } from "./common-run.js";
import { Holds } from "./holds.js";
import type { MaskKeys } from "./mask-keys.js";
import { inHand } from "./message-in-hand.js";
import type { EncodedMessage } from "./prepared-message.js";
import { memoryOf, READ_BUFFER } from "./reused-memory.js";
import { WriteSlabPool } from "./write-slab-pool.js";
import type { WriteSlab } from "./write-slab.js";

const MASK_BIT = 0x80;
const MASK_KEY_BYTES = 4;
/** A text of so many UTF-16 units fits into the smallest slab whatever bytes it takes, and mostly needs no longer header than the shortest. */
const SHORT_TEXT_UNITS = 80;
/** A payload of up to so many bytes has a header of two; RFC 6455 §5.2. */
const SHORT_BYTES = 125;
/** What that of a longer one has more. */
const LONGER_HEADER_BYTES = 2;
/**
 * What `write` of a buffer calls in the end: not documented, and in all of Node, Bun and Deno. V8 looks `write` up anew for each call, for
 * the prototype of buffers has too many members.
 */
const { utf8Write } = Buffer.prototype as unknown as {
  readonly utf8Write: (this: Uint8Array, text: string, at: number) => number;
};
/** Slab size of the backlog that a connection keeps for itself while the kernel takes no more. */
const BACKLOG_SLAB_BYTES = 4 * 1024;

/**
 * The frames that go out with the next write, in order: written one behind the other into slabs, but for payloads too long to copy. Frames
 * that lie side by side in one slab are a run, and one stretch to write.
 */
export class GatheredFrames {
  // What every write needs, side by side (0.97 of the processor time of echo-64B-16, with that of `WriteQueue`).
  #bytes = 0;
  // The run that is still being written, or has just been taken: `#runSlab.bytes[#runStart, #runEnd)`. Nearly always it is all there is, so
  // it holds its slab itself: to have `Holds` do that takes a hundredth of echo-64B-1, for it is cold after a system call.
  #runSlab: WriteSlab | undefined;
  #runStart = 0;
  #runEnd = 0;
  /** Where others are sent the same, and what is sent to all of them is added without a word. */
  #common: CommonRun | undefined;
  /** Closed runs, and payloads too long to copy. */
  #chunks: Uint8Array[] = [];
  /** What they lie in, but for the run that is still being written; there once something does. */
  #held: Holds | undefined;

  readonly #shared: WriteSlabPool;
  readonly #maskKeys: MaskKeys | undefined;
  /** Whether they may lie here for long, and are written into memory of their connection's own. */
  #isBacklog = false;
  #own: WriteSlabPool | undefined;
  /** The key of the frame that is being written; 0 where frames are not masked. */
  #maskKey = 0;

  /**
   * @param shared where frames are written that go out within the turn
   * @param maskKeys what a client masks its frames with; a server, which masks none, has no keys. RFC 6455 §5.1.
   */
  constructor(shared: WriteSlabPool, maskKeys: MaskKeys | undefined) {
    this.#shared = shared;
    this.#maskKeys = maskKeys;
  }

  /** Bytes of a slab, of which payloads up to half are copied at once. */
  get slabSize(): number {
    return this.#shared.slabSize;
  }

  /** Bytes of them all. */
  get bytes(): number {
    return this.#common === undefined ? this.#bytes : this.#bytes + this.#common.end - this.#runEnd;
  }

  /** Whether the memory of a long payload was transferred to somebody else meanwhile: what follows it would be taken for it. */
  get isTorn(): boolean {
    return this.#chunks.length > 0 && this.#chunks.some(({ length }) => length === 0);
  }

  /** Adds a text message in one frame. */
  text(message: string): void {
    this.leaveCommon();
    if (inHand.is(message)) {
      this.#relay(FIN | Opcode.text);
      return;
    }
    if (message.length <= SHORT_TEXT_UNITS) {
      this.#shortText(message);
      return;
    }
    const length = Buffer.byteLength(message);
    const size = this.#headerLength(length) + length;
    if (size > this.#pool().slabSize) {
      this.#longFrame(FIN | Opcode.text, Buffer.from(message), true);
      return;
    }
    const at = this.#reserve(size);
    const { bytes } = this.#runSlab as WriteSlab;
    const start = this.#writeHeader(bytes, at, FIN | Opcode.text, length);
    utf8Write.call(bytes, message, start);
    this.#mask(bytes, start, start + length);
    this.#bytes += size;
  }

  /**
   * Adds a frame; `firstByte` is FIN, the reserved bits and the opcode. A payload of up to half a slab is copied at once; a longer one is
   * not unless it is masked, so it must stay as it is until it has been written.
   */
  frame(firstByte: number, payload: Uint8Array): void {
    this.leaveCommon();
    if (inHand.is(payload)) this.#relay(firstByte);
    else if (this.#isLong(payload.length)) this.#longFrame(firstByte, payload, false);
    else {
      const start = this.#beginFrame(firstByte, payload.length);
      (this.#runSlab as WriteSlab).bytes.set(payload, start);
      this.#endFrame(start);
    }
  }

  /** Adds the message in hand by its bytes: 5 ns for a text of 64, where to encode it takes 46. */
  #relay(firstByte: number): void {
    const { bytes, start, end } = inHand;
    const length = end - start;
    // Only what was gathered by itself stays as it is: in a chunk it has neighbours, who may be transferred with it, or overwritten.
    if (this.#isLong(length) && length === bytes.length && memoryOf(bytes) === undefined) {
      this.#longFrame(firstByte, bytes, false);
    } else if (this.#fits(length)) {
      const at = this.#beginFrame(firstByte, length);
      (this.#runSlab as WriteSlab).copy(bytes, start, end, at);
      this.#endFrame(at);
    } else this.#longFrame(firstByte, Buffer.from(bytes.subarray(start, end)), true);
  }

  /** Whether a payload of so many bytes is rather not copied. */
  #isLong(length: number): boolean {
    return length > SHORT_BYTES && (length * 2 > this.#pool().slabSize || !this.#fits(length));
  }

  /** Whether the frame of such a payload fits into a slab. */
  #fits(length: number): boolean {
    return this.#headerLength(length) + length <= this.#pool().slabSize;
  }

  /** Takes memory for a frame, writes its header and returns where the payload belongs. `endFrame` follows. */
  #beginFrame(firstByte: number, length: number): number {
    const size = this.#headerLength(length) + length;
    const at = this.#reserve(size);
    this.#bytes += size;
    return this.#writeHeader((this.#runSlab as WriteSlab).bytes, at, firstByte, length);
  }

  /** The payload is there, from `start` to where the run ends. */
  #endFrame(start: number): void {
    this.#mask((this.#runSlab as WriteSlab).bytes, start, this.#runEnd);
  }

  /** Adds a message that was encoded before, unless each peer needs an encoding of its own. */
  prepared(message: EncodedMessage): void {
    this.leaveCommon();
    if (this.#maskKeys !== undefined) {
      this.frame(message.firstByte, message.payload);
      return;
    }
    const { frame } = message;
    if (frame.length * 2 > this.#pool().slabSize) {
      this.#closeRun();
      this.#chunks.push(frame);
    } else if (this.#isBacklog) {
      const at = this.#reserve(frame.length);
      (this.#runSlab as WriteSlab).bytes.set(frame, at);
    } else {
      const { shared } = this.#shared;
      shared.put(frame);
      this.#extendRun(shared.slab, shared.at, frame.length);
    }
    this.#bytes += frame.length;
  }

  /** A run for others whose latest frames are these. Undefined where the latest is not one that many are sent. */
  beginCommon(): CommonRun | undefined {
    const { shared } = this.#shared;
    return this.#endsWith(shared.slab, shared.end) ? new CommonRun(shared) : undefined;
  }

  /** Has what is added to `run` belong here as well; returns whether that can be: its frames are the latest of these. */
  follow(run: CommonRun): boolean {
    if (!this.#endsWith(run.slab, run.end)) return false;
    this.#common = run;
    return true;
  }

  /** Has what was added to the run that it follows, and nothing more; nor has anybody else. */
  leaveCommon(): void {
    const common = this.#common;
    if (common === undefined) return;
    this.#common = undefined;
    common.close();
    this.#bytes += common.end - this.#runEnd;
    this.#runEnd = common.end;
  }

  /** Whether the latest frame ends there. */
  #endsWith(slab: WriteSlab, end: number): boolean {
    return this.#runSlab === slab && this.#runEnd === end && !this.#isBacklog;
  }

  /** Takes all of them, where they are one stretch of memory; undefined where they are not, and stay. `release` or `beginBacklog` follows. */
  takeRun(): Uint8Array | undefined {
    this.leaveCommon();
    const slab = this.#runSlab;
    if (slab === undefined || this.#chunks.length > 0) return undefined;
    this.#bytes = 0;
    return slab.view(this.#runStart, this.#runEnd);
  }

  /** Takes all of them, stretch by stretch. `release` or `beginBacklog` follows. */
  takeChunks(): Uint8Array[] {
    this.leaveCommon();
    this.#closeRun();
    this.#bytes = 0;
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  /** The kernel has what was taken: its memory is free. */
  release(): void {
    this.#runSlab?.release();
    this.#runSlab = undefined;
    this.#held?.release();
  }

  /**
   * The kernel does not have what was taken: its memory is held on, by what this returns, and what is added waits for longer than a turn.
   *
   * @param spare what holds the memory of that; empty
   */
  beginBacklog(spare: Holds | undefined): Holds {
    this.#holdRun();
    const held = (this.#held ??= new Holds());
    this.#held = spare;
    this.#own = undefined;
    this.#isBacklog = true;
    return held;
  }

  /** What is added goes out within the turn again. */
  endBacklog(): void {
    this.#isBacklog = false;
  }

  /** Forgets all of them: there is nobody to be sent them. */
  discard(): void {
    this.takeChunks();
    this.release();
    this.endBacklog();
  }

  /** Writes the text where it belongs behind a short header, and moves it should it need a longer one: to ask for its length first costs more. */
  #shortText(message: string): void {
    const room = this.#headerLength(0) + LONGER_HEADER_BYTES + message.length * 3;
    const at = this.#reserve(room);
    const slab = this.#runSlab as WriteSlab;
    const { bytes } = slab;
    let start = at + this.#headerLength(0);
    const length = utf8Write.call(bytes, message, start);
    if (length > SHORT_BYTES) {
      bytes.copyWithin(start + LONGER_HEADER_BYTES, start, start + length);
      start += LONGER_HEADER_BYTES;
    }
    this.#writeHeader(bytes, at, FIN | Opcode.text, length);
    this.#mask(bytes, start, start + length);
    const end = start + length;
    const unused = at + room - end;
    slab.used -= unused;
    this.#runEnd -= unused;
    this.#bytes += end - at;
  }

  /** @param isOwned whether the payload is ours to mask where it lies, and stays as it is */
  #longFrame(firstByte: number, payload: Uint8Array, isOwned: boolean): void {
    const headerLength = this.#headerLength(payload.length);
    const at = this.#reserve(headerLength);
    this.#writeHeader((this.#runSlab as WriteSlab).bytes, at, firstByte, payload.length);
    this.#closeRun();
    const isMasked = this.#maskKeys !== undefined;
    const isCopied = !isOwned && (isMasked || payload.length * 2 <= this.#shared.slabSize || !this.#keeps(payload));
    const chunk = isCopied ? Buffer.from(payload) : payload;
    this.#mask(chunk, 0, chunk.length);
    this.#chunks.push(chunk);
    this.#bytes += headerLength + payload.length;
  }

  /** Whether `payload` stays as it is until it has been written; memory that is used again is held for that. */
  #keeps(payload: Uint8Array): boolean {
    const memory = memoryOf(payload);
    if (memory === READ_BUFFER) return false;
    if (memory !== undefined) (this.#held ??= new Holds()).hold(memory);
    return true;
  }

  #headerLength(payloadLength: number): number {
    return frameHeaderLength(payloadLength, this.#maskKeys !== undefined);
  }

  /** Writes a frame's header, with a new key where it is masked; returns where the payload begins. */
  #writeHeader(bytes: Uint8Array, at: number, firstByte: number, length: number): number {
    if (this.#maskKeys === undefined) return writeFrameHeader(bytes, at, firstByte, length);
    // RFC 6455 §5.1: a client MUST mask all its frames; §5.3: with a key chosen anew for each.
    const keyAt = writeFrameHeader(bytes, at, firstByte, length, MASK_BIT);
    this.#maskKey = this.#maskKeys.next();
    writeUint32(bytes, keyAt, this.#maskKey);
    return keyAt + MASK_KEY_BYTES;
  }

  #mask(bytes: Uint8Array, start: number, end: number): void {
    if (this.#maskKeys !== undefined) applyMask(bytes, start, end, this.#maskKey);
  }

  #pool(): WriteSlabPool {
    if (!this.#isBacklog) return this.#shared;
    return (this.#own ??= new WriteSlabPool(Math.min(BACKLOG_SLAB_BYTES, this.#shared.slabSize)));
  }

  /** Takes `size` bytes of a slab for the next frame and returns where they begin. */
  #reserve(size: number): number {
    const slab = this.#pool().withRoom(size);
    const at = slab.used;
    slab.used += size;
    this.#extendRun(slab, at, size);
    return at;
  }

  /** Adds `slab.bytes[at, at + size)` to what is to be written. */
  #extendRun(slab: WriteSlab, at: number, size: number): void {
    if (slab !== this.#runSlab || at !== this.#runEnd) {
      this.#closeRun();
      this.#runSlab = slab;
      this.#runStart = at;
      slab.hold();
    }
    this.#runEnd = at + size;
  }

  #closeRun(): void {
    if (this.#runSlab === undefined) return;
    this.#chunks.push(this.#runSlab.view(this.#runStart, this.#runEnd));
    this.#holdRun();
  }

  /** Has the slab of the run held with all others: another run begins. */
  #holdRun(): void {
    if (this.#runSlab === undefined) return;
    (this.#held ??= new Holds()).takeOver(this.#runSlab);
    this.#runSlab = undefined;
  }
}
