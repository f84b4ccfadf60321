import { Buffer } from "node:buffer";
import { Socket } from "node:net";

import { applyMask, FIN, frameHeaderLength, Opcode, writeFrameHeader, writeUint32 } from "../protocol/index.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { Holds } from "./holds.js";
import type { MaskKeys } from "./mask-keys.js";
import type { Observation } from "./observation.js";
import type { EncodedMessage } from "./prepared-message.js";
import { TAKEN } from "./handle-write.js";
import { directHandle, writeDirectly } from "./direct-write.js";
import { memoryOf, READ_BUFFER } from "./reused-memory.js";
import type { SocketHandle } from "./socket-handle.js";
import type { Transport } from "./transport.js";
import { flushAtTurnEnd } from "./turn-end.js";
import { WriteSlabPool } from "./write-slab-pool.js";
import type { WriteSlab } from "./write-slab.js";

const MASK_BIT = 0x80;
const MASK_KEY_BYTES = 4;
const NOTHING = new Uint8Array(0);
/** A text of so many UTF-16 units fits into the smallest slab whatever bytes it takes, and mostly needs no longer header than the shortest. */
const SHORT_TEXT_UNITS = 80;
/** A payload of up to so many bytes has a header of two; RFC 6455 §5.2. */
const SHORT_BYTES = 125;
/** What that of a longer one has more. */
const LONGER_HEADER_BYTES = 2;
/** Slab size of the backlog that a connection keeps for itself while the kernel takes no more. */
const BACKLOG_SLAB_BYTES = 4 * 1024;

type WhenWritten = (error?: Error | null) => void;

/** What a write queue runs on. */
export interface WriteQueueSetup {
  /** What is written to. */
  readonly socket: Transport;
  /** The marks and limits of the queue, among others. */
  readonly options: ResolvedConnectionOptions;
  /** The memory that frames are written into. */
  readonly writeSlabs: WriteSlabPool;
  /** What a client masks its frames with; a server, which masks none, has no keys. RFC 6455 §5.1. */
  readonly maskKeys: MaskKeys | undefined;
}

/** What a write queue tells the one that it belongs to. */
export interface WriteQueueOwner {
  /** The kernel did not take a write at once. */
  onStalled(): void;
  /** It has taken it now. */
  onWritten(): void;
}

/**
 * Frames on their way to one socket. All frames of one turn go out in one write; while a write is in flight, the frames that
 * follow are gathered, in memory of this connection's own, and go out together when it is done.
 */
export class WriteQueue {
  #socket!: Transport;
  readonly #shared: WriteSlabPool;
  readonly #maskKeys: MaskKeys | undefined;
  readonly #owner: WriteQueueOwner;
  /** Bytes that are gathered before the end of the turn is not waited for. */
  readonly #flushBytes: number;
  /**
   * Whether the socket has copied what it says is written. Any other duplex may hold on to it, as a stream of Node's that is read
   * later does, so it is given bytes of its own.
   */
  #copies = false;
  /** There where the stream of the socket can be passed by. */
  #handle: SocketHandle | undefined;
  #own: WriteSlabPool | undefined;
  /** The key of the frame that is being written; 0 where frames are not masked. */
  #maskKey = 0;

  /** What waits for the next flush, in order: closed runs of slabs, and payloads too long to copy. */
  #chunks: Uint8Array[] = [];
  #held: Holds = new Holds();
  #pendingBytes = 0;

  // The run that is still being written: `#runSlab.bytes[#runStart, #runEnd)`.
  #runSlab: WriteSlab | undefined;
  #runStart = 0;
  #runEnd = 0;

  /** Calls `#onWritten`; made when it is first needed. */
  #written: WhenWritten | undefined;
  #isInFlight = false;
  /** There once a write has had to wait. */
  #inFlightHeld: Holds | undefined;
  #isFlushDue = false;
  #isCorked = false;
  #isEnding = false;

  constructor(setup: WriteQueueSetup, owner: WriteQueueOwner) {
    this.serve(setup.socket);
    this.#shared = setup.writeSlabs;
    this.#maskKeys = setup.maskKeys;
    this.#owner = owner;
    this.#flushBytes = Math.min(setup.writeSlabs.slabSize, setup.options.highWaterMark);
  }

  /** Writes to `socket` from now on. Only at rest. */
  serve(socket: Transport): void {
    this.#socket = socket;
    this.#handle = directHandle(socket);
    this.#copies = this.#handle === undefined && !(socket instanceof Socket);
  }

  /** Whether nothing is queued, in flight, due or ended. */
  get isAtRest(): boolean {
    return (
      this.#pendingBytes === 0 &&
      !this.#isInFlight &&
      !this.#isFlushDue &&
      !this.#isCorked &&
      !this.#isEnding &&
      this.#held.isEmpty
    );
  }

  /** Who observes the connection: `ObservedWriteQueue` has it, others cost nothing by it. */
  get observation(): Observation | undefined {
    return undefined;
  }

  /** Bytes queued here or in the socket that the kernel has not taken. */
  get bufferedBytes(): number {
    return this.#isInFlight ? this.#pendingBytes + this.#untakenBytes() : this.#pendingBytes;
  }

  /** Whether something is queued, here or in the socket, that the kernel has not taken. */
  get hasUnsent(): boolean {
    return this.#isInFlight || this.#pendingBytes > 0;
  }

  /** Whether a write waits for the kernel: the peer, or the path to it, is slower than we are. */
  get isInFlight(): boolean {
    return this.#isInFlight;
  }

  /** Queues a text message in one frame. */
  text(message: string): void {
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
    bytes.write(message, start);
    this.#mask(bytes, start, start + length);
    this.#afterFrame(size);
  }

  /**
   * Queues a frame; `firstByte` is FIN, the reserved bits and the opcode. A payload of up to half a slab is copied at once; a
   * longer one is not unless it is masked, so it must stay as it is until it has been written.
   */
  frame(firstByte: number, payload: Uint8Array): void {
    this.#frame(firstByte, payload);
  }

  /** Queues a message that was encoded before, unless each peer needs an encoding of its own. */
  prepared(message: EncodedMessage): void {
    if (this.#maskKeys !== undefined) {
      this.#frame(message.firstByte, message.payload);
      return;
    }
    const { frame } = message;
    if (frame.length * 2 > this.#pool().slabSize) {
      this.#closeRun();
      this.#chunks.push(frame);
    } else if (this.#isInFlight) {
      const at = this.#reserve(frame.length);
      (this.#runSlab as WriteSlab).bytes.set(frame, at);
    } else {
      const { shared } = this.#shared;
      shared.put(frame);
      this.#extendRun(shared.slab, shared.at, frame.length);
    }
    this.#afterFrame(frame.length);
  }

  /** Holds back the end-of-turn flush: who corks will flush. */
  cork(): void {
    this.#isCorked = true;
  }

  /** Ends `cork` and writes out what has gathered. */
  uncork(): void {
    this.#isCorked = false;
    if (this.#pendingBytes > 0) this.flush();
  }

  /** Writes out what has gathered, in one write, unless one is in flight. */
  flush(): void {
    this.#isFlushDue = false;
    if (this.#isInFlight || this.#pendingBytes === 0 || this.#socket.destroyed) return;
    this.#pendingBytes = 0;
    if (this.#writeOut() || this.#untakenBytes() === 0) {
      this.#held.release();
    } else {
      this.#isInFlight = true;
      if (this.#handle !== undefined) this.#socket.write(NOTHING, this.#whenWritten());
      const held = this.#inFlightHeld ?? new Holds();
      this.#inFlightHeld = this.#held;
      this.#held = held;
      this.#own = undefined;
      this.#owner.onStalled();
    }
  }

  /** Ends our side of the socket behind everything that is queued. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#isInFlight) return;
    this.flush();
    this.#socket.end();
  }

  /** Forgets everything: the socket is gone. */
  discard(): void {
    this.#closeRun();
    this.#chunks = [];
    this.#pendingBytes = 0;
    this.#isInFlight = false;
    this.#held.release();
    this.#inFlightHeld?.release();
  }

  /** Writes the text where it belongs behind a short header, and moves it should it need a longer one: to ask for its length first costs more. */
  #shortText(message: string): void {
    const room = this.#headerLength(0) + LONGER_HEADER_BYTES + message.length * 3;
    const at = this.#reserve(room);
    const slab = this.#runSlab as WriteSlab;
    const { bytes } = slab;
    let start = at + this.#headerLength(0);
    const length = bytes.write(message, start);
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
    this.#afterFrame(end - at);
  }

  #frame(firstByte: number, payload: Uint8Array): void {
    const { length } = payload;
    const size = this.#headerLength(length) + length;
    if (length * 2 > this.#pool().slabSize || size > this.#pool().slabSize) {
      this.#longFrame(firstByte, payload, false);
      return;
    }
    const at = this.#reserve(size);
    const { bytes } = this.#runSlab as WriteSlab;
    const start = this.#writeHeader(bytes, at, firstByte, length);
    bytes.set(payload, start);
    this.#mask(bytes, start, start + length);
    this.#afterFrame(size);
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
    this.#afterFrame(headerLength + payload.length);
  }

  /** Whether `payload` stays as it is until it has been written; memory that is used again is held for that. */
  #keeps(payload: Uint8Array): boolean {
    const memory = memoryOf(payload);
    if (memory === READ_BUFFER) return false;
    if (memory !== undefined) this.#held.hold(memory);
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
    if (!this.#isInFlight) return this.#shared;
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
      this.#held.hold(slab);
    }
    this.#runEnd = at + size;
  }

  #closeRun(): void {
    const slab = this.#runSlab;
    if (slab === undefined) return;
    this.#chunks.push(slab.view(this.#runStart, this.#runEnd));
    this.#runSlab = undefined;
  }

  #afterFrame(size: number): void {
    this.#pendingBytes += size;
    if (this.#isInFlight) return;
    if (this.#pendingBytes >= this.#flushBytes) {
      this.flush();
    } else if (!this.#isCorked && !this.#isFlushDue) {
      this.#isFlushDue = true;
      flushAtTurnEnd(this);
    }
  }

  /**
   * Without a callback where the kernel has nearly always taken what is written: given one, Node takes a turn of its queue for each
   * write, which costs an echo of 64 bytes with one in flight a seventh of its processor time (0.88 against 1.03 of `ws`'s). Only what is
   * in flight is waited for, by an empty write behind it. A single stretch goes past the stream altogether. Over TLS everything is in
   * flight for a while, and the empty write would cost more than the callback.
   *
   * @returns whether it is sure that the kernel has taken all
   */
  #writeOut(): boolean {
    const chunks = this.#chunks;
    const socket = this.#socket;
    const slab = this.#runSlab;
    const whenWritten = this.#handle === undefined ? this.#whenWritten() : undefined;
    if (chunks.length === 0 && slab !== undefined) {
      this.#runSlab = undefined;
      const run = slab.view(this.#runStart, this.#runEnd);
      const status = this.#handle === undefined ? undefined : writeDirectly(this.#socket, this.#handle, run);
      if (status === undefined || status < 0) this.#write(run, whenWritten);
      return status === TAKEN;
    }
    this.#closeRun();
    const last = chunks.length - 1;
    socket.cork();
    for (const [index, chunk] of chunks.entries()) this.#write(chunk, index === last ? whenWritten : undefined);
    socket.uncork();
    chunks.length = 0;
    return false;
  }

  #write(chunk: Uint8Array, whenWritten: WhenWritten | undefined): void {
    this.#socket.write(this.#copies ? Buffer.from(chunk) : chunk, whenWritten);
  }

  #whenWritten(): WhenWritten {
    this.#written ??= (error) => this.#onWritten(error);
    return this.#written;
  }

  /** Bytes that the socket has been given, by its stream or past it, and that the kernel has not taken. */
  #untakenBytes(): number {
    const inStream = this.#socket.writableLength;
    return inStream > 0 ? inStream : (this.#handle?.writeQueueSize ?? 0);
  }

  /**
   * The socket has dealt with what was in flight. One that failed makes no room (the socket's `error` and `close` follow), nor does one
   * that the end of the socket cut short, which comes without an error.
   */
  #onWritten(error: Error | null | undefined): void {
    if (error || this.#socket.destroyed) return;
    if (!this.#isInFlight || this.#untakenBytes() > 0) return;
    this.#isInFlight = false;
    this.#inFlightHeld?.release();
    this.flush();
    if (this.#isEnding) this.#socket.end();
    else this.#owner.onWritten();
  }
}
