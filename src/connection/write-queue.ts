import type { CommonRun } from "./common-run.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { GatheredFrames } from "./gathered-frames.js";
import type { Holds } from "./holds.js";
import type { MaskKeys } from "./mask-keys.js";
import type { Observation } from "./observation.js";
import type { EncodedMessage } from "./prepared-message.js";
import { SocketWriter, type SocketWriterOwner } from "./socket-writer.js";
import type { Transport } from "./transport.js";
import { flushAtTurnEnd } from "./turn-end.js";
import type { WriteSlabPool } from "./write-slab-pool.js";

/** What a write queue runs on. */
export interface WriteQueueSetup {
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
  /** What was queued cannot be written, for memory of it is somebody else's by now, and is forgotten. */
  onTorn(): void;
}

/**
 * Frames on their way to one socket. All frames of one turn go out in one write; while a write is in flight, the frames that
 * follow are gathered, in memory of this connection's own, and go out together when it is done.
 */
export class WriteQueue implements SocketWriterOwner {
  // What every write needs, side by side.
  readonly #frames: GatheredFrames;
  readonly #writer: SocketWriter;
  #isInFlight = false;
  #isFlushDue = false;
  #isCorked = false;
  #isEnding = false;
  /** Bytes that are gathered before the end of the turn is not waited for. */
  readonly #flushBytes: number;
  readonly #owner: WriteQueueOwner;
  /** What holds the memory of a write that has to wait; there once one had to. */
  #inFlightHeld: Holds | undefined;

  /** @param socket what is written to */
  constructor(socket: Transport, { options, writeSlabs, maskKeys }: WriteQueueSetup, owner: WriteQueueOwner) {
    this.#frames = new GatheredFrames(writeSlabs, maskKeys);
    this.#writer = new SocketWriter(socket, this);
    this.#owner = owner;
    this.#flushBytes = Math.min(writeSlabs.slabSize, options.highWaterMark);
  }

  /** Writes to `socket` from now on. Only at rest. */
  serve(socket: Transport): void {
    this.#writer.serve(socket);
  }

  /** Whether nothing is queued, in flight, due or ended. */
  get isAtRest(): boolean {
    return !this.hasUnsent && !this.#isFlushDue && !this.#isCorked && !this.#isEnding;
  }

  /** Who observes the connection: `ObservedWriteQueue` has it, others cost nothing by it. */
  get observation(): Observation | undefined {
    return undefined;
  }

  /** As `GatheredFrames.slabSize`. */
  get slabSize(): number {
    return this.#frames.slabSize;
  }

  /** Bytes queued here or in the socket that the kernel has not taken. */
  get bufferedBytes(): number {
    return this.#frames.bytes + this.untakenBytes;
  }

  /** Bytes of what is in flight that the kernel has not taken: they change as it takes some. */
  get untakenBytes(): number {
    return this.#isInFlight ? this.#writer.untakenBytes : 0;
  }

  /** Whether something is queued, here or in the socket, that the kernel has not taken. */
  get hasUnsent(): boolean {
    return this.#isInFlight || this.#frames.bytes > 0;
  }

  /** Whether a write waits for the kernel: the peer, or the path to it, is slower than we are. */
  get isInFlight(): boolean {
    return this.#isInFlight;
  }

  /** Queues a text message in one frame. */
  text(message: string): void {
    this.#frames.text(message);
    this.afterFrame();
  }

  /**
   * Queues a frame; `firstByte` is FIN, the reserved bits and the opcode. A payload of up to half a slab is copied at once; a
   * longer one is not unless it is masked, so it must stay as it is until it has been written.
   */
  frame(firstByte: number, payload: Uint8Array): void {
    this.#frames.frame(firstByte, payload);
    this.afterFrame();
  }

  /** Queues a message that was encoded before, unless each peer needs an encoding of its own. */
  prepared(message: EncodedMessage): void {
    this.#frames.prepared(message);
    this.afterFrame();
  }

  /** As `GatheredFrames.beginCommon`. */
  beginCommon(): CommonRun | undefined {
    return this.#isInFlight ? undefined : this.#frames.beginCommon();
  }

  /** As `GatheredFrames.follow`, for as much as is gathered before the end of the turn. */
  follow(run: CommonRun): boolean {
    if (this.#isInFlight || !this.#frames.follow(run)) return false;
    run.admit(this.#flushBytes - this.#frames.bytes);
    return true;
  }

  /** As `GatheredFrames.leaveCommon`. */
  leaveCommon(): void {
    this.#frames.leaveCommon();
  }

  /** A frame has been gathered. */
  protected afterFrame(): void {
    if (this.#isInFlight) return;
    if (this.#frames.bytes >= this.#flushBytes) this.flush();
    else this.#flushLater();
  }

  #flushLater(): void {
    if (this.#isCorked || this.#isFlushDue) return;
    this.#isFlushDue = true;
    flushAtTurnEnd(this);
  }

  /** Holds back the end-of-turn flush: who corks will flush. */
  cork(): void {
    this.#isCorked = true;
  }

  /** Ends `cork` and writes out what has gathered. */
  uncork(): void {
    this.#isCorked = false;
    if (this.#frames.bytes > 0) this.flush();
  }

  /** Writes out what has gathered, in one write, unless one is in flight. */
  flush(): void {
    this.#isFlushDue = false;
    if (this.#isInFlight || this.#frames.bytes === 0 || this.#writer.isOver) return;
    if (this.#frames.isTorn) {
      this.#frames.discard();
      this.#owner.onTorn();
      return;
    }
    if (this.#writer.write(this.#frames)) {
      this.#frames.release();
      return;
    }
    this.#isInFlight = true;
    this.#inFlightHeld = this.#frames.beginBacklog(this.#inFlightHeld);
    this.#writer.awaitTaken();
    if (this.#writer.untakenBytes > 0) this.#owner.onStalled();
    else this.#onTakenAtOnce();
  }

  /** A stream in memory has delivered what it was given; what came of that may be gathered already, or have ended us. */
  #onTakenAtOnce(): void {
    if (this.#writer.isOver) return;
    this.#land();
    if (this.#isEnding) this.#endSocket();
    else this.#owner.onWritten();
    if (this.#frames.bytes > 0) this.#flushLater();
  }

  /** Nothing is in flight any more. */
  #land(): void {
    this.#isInFlight = false;
    this.#frames.endBacklog();
    this.#inFlightHeld?.release();
  }

  #endSocket(): void {
    this.flush();
    this.#writer.end();
  }

  /** Ends our side of the socket behind everything that is queued. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (!this.#isInFlight) this.#endSocket();
  }

  /** Forgets everything: the socket is gone. */
  discard(): void {
    this.#frames.discard();
    this.#writer.discard();
    this.#isInFlight = false;
    this.#inFlightHeld?.release();
  }

  // SocketWriterOwner

  /**
   * The socket has dealt with what was in flight. One that failed makes no room (the socket's `error` and `close` follow), nor does one
   * that the end of the socket cut short, which comes without an error.
   */
  onTaken(error: Error | null | undefined): void {
    if (error || this.#writer.isOver) return;
    if (!this.#isInFlight || this.#writer.untakenBytes > 0) return;
    this.#land();
    if (this.#isEnding) {
      this.#endSocket();
      return;
    }
    this.flush();
    this.#owner.onWritten();
  }
}
