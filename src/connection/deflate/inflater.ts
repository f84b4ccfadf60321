import { Buffer } from "node:buffer";
import { constants } from "node:zlib";

import { type Deferred, defer } from "../../internal/deferred.js";
import type { DeflateDirection, FaultCode } from "../../protocol/index.js";
import { copyBytes } from "../received-message.js";
import { compressionMemory, inflateBytes } from "./compression-memory.js";
import { InflateContext, type MessageEnd } from "./inflate-context.js";
import { sharedInflate } from "./shared-contexts.js";
import { WindowHistory } from "./window-history.js";
import { canRunZlibInTurn, type ZlibInTurn } from "./zlib-in-turn.js";

/** What an inflater tells the connection that it belongs to. */
export interface InflaterOwner {
  /**
   * What has been inflated of the message: `bytes[start, end)`, borrowed until this returns. `isLast` ends the message. Returns
   * whether more may follow at once; if not, it follows after `resume`.
   */
  inflated(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean;
  /** The data is bad, or more than `maxMessageBytes`. Nothing follows. */
  inflateFailed(code: Extract<FaultCode, "invalid-deflate" | "message-too-big">): void;
  /** What `take` or `resume` began is through: the next piece may be given. */
  onInflaterReady(): void;
}

/** How an inflater is set up. */
export interface InflaterSetup {
  /** What the handshake has settled about the peer's messages. */
  readonly direction: DeflateDirection;
  readonly maxMessageBytes: number;
  readonly maxSyncBytes: number;
  readonly allowInTurn?: boolean;
}

type InflaterState =
  /** The next piece may be given. */
  | { readonly kind: "ready" }
  /** At work within the turn; what the owner does meanwhile must not bring the next piece. */
  | { readonly kind: "running" }
  /** The owner takes no more at present: the rest of a piece waits. */
  | { readonly kind: "paused"; readonly rest: Uint8Array; readonly isLast: boolean }
  | Aside
  | { readonly kind: "closed" };

/** zlib's threads are at work; `held` settles when the owner, which takes no more, does again. */
interface Aside {
  readonly kind: "aside";
  held: Deferred<void> | undefined;
}

const READY: InflaterState = { kind: "ready" };
const RUNNING: InflaterState = { kind: "running" };
const CLOSED: InflaterState = { kind: "closed" };

const SCRATCH_BYTES = 64 * 1024;
/**
 * What is inflated in the turn is written here, whoever inflates it. Nobody has it while a handler looks at what one has inflated, for that
 * may have another go on: who comes meanwhile makes one more.
 */
let spare: Buffer | undefined = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
const NOTHING: Buffer = Buffer.alloc(0);
/** Inflating is so many times as fast as compressing, of which `maxSyncBytes` speaks. */
const INFLATE_SPEED = 4;
/** Peers that agree to a window of 256 bytes may use the 512 that zlib takes instead. */
const MIN_WINDOW_BITS = 9;

/**
 * Final blocks that one message may have. zlib ends its stream at each, and to go on takes a new one, for a peer's two bytes; none is
 * known to use more than one.
 */
const MAX_FINAL_BLOCKS = 16;

/**
 * Inflates the messages that one peer sends, as they arrive. Output is given out in pieces of up to 64 KiB and never beyond
 * `maxMessageBytes`, however much a few bytes of input stand for.
 *
 * RFC 7692 §7.2.1: blocks may be final ones, and others follow. zlib's stream ends at such a block and cannot go on with its window,
 * so what follows gets a new inflater, whose dictionary is what was put out last. To have that costs a copy, so it is kept of a
 * peer's first message, until the next shows that it did not end so, and of later ones only where the peer has used a final block
 * before; a peer that begins later to do so, and refers back to what was before it, is at fault with us.
 */
export class Inflater {
  readonly #owner: InflaterOwner;
  readonly #keepsContext: boolean;
  readonly #windowBits: number;
  readonly #maxMessageBytes: number;
  readonly #maxSyncBytes: number;
  readonly #allowInTurn: boolean;

  #state: InflaterState = READY;
  #context: InflateContext | undefined;
  #history: WindowHistory | undefined;
  #usesFinalBlocks = false;
  #countedBytes = 0;
  /** Whether a message was through; the history of the first goes when more comes out of the same inflater. */
  #hasEndedOne = false;

  /** What is inflated in this turn. */
  #output = NOTHING;

  // The message under way.
  #inflatedBytes = 0;
  #finalBlocks = 0;

  constructor(setup: InflaterSetup, owner: InflaterOwner) {
    const { direction, maxMessageBytes, maxSyncBytes, allowInTurn = canRunZlibInTurn() } = setup;
    this.#owner = owner;
    this.#keepsContext = direction.contextTakeover;
    this.#windowBits = Math.max(direction.windowBits, MIN_WINDOW_BITS);
    this.#maxMessageBytes = maxMessageBytes;
    this.#maxSyncBytes = allowInTurn ? maxSyncBytes : -1;
    this.#allowInTurn = allowInTurn;
    if (!this.#keepsContext) return;
    this.#history = new WindowHistory(this.#windowBits);
    // What is agreed must be kept, so it counts from now on.
    this.#countedBytes = inflateBytes(this.#windowBits);
    compressionMemory.take(this.#countedBytes);
  }

  /** Whether something is being inflated, or waits for the owner to take it: the next piece must wait. */
  get isBusy(): boolean {
    return this.#state.kind !== "ready" && this.#state.kind !== "closed";
  }

  /**
   * Takes the next piece of a compressed message's payload, borrowed. Returns whether another may follow at once; if not, wait for
   * `onInflaterReady` while `isBusy`, and for the owner itself.
   */
  take(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    if (this.#state.kind !== "ready") return true;
    this.#state = RUNNING;
    const goesOn = this.#run(bytes, start, end, isLast);
    if (this.#isRunning) this.#state = READY;
    return goesOn;
  }

  /** Gives out more, where it was held: the owner takes it now. */
  resume(): void {
    const state = this.#state;
    if (state.kind === "paused") {
      this.#state = READY;
      this.take(state.rest, 0, state.rest.length, state.isLast);
    } else if (state.kind === "aside" && state.held !== undefined) {
      state.held.resolve();
      state.held = undefined;
      this.#context?.resume();
    }
  }

  /** Frees what it holds, and gives nothing out any more. Idempotent. */
  close(): void {
    if (this.#state.kind === "closed") return;
    this.#state = CLOSED;
    this.#part(this.#context);
    this.#history = undefined;
    this.uncount();
  }

  /** Counts no longer against the budget: its peer is gone, though what it sent may not have been read yet. Idempotent. */
  uncount(): void {
    compressionMemory.release(this.#countedBytes);
    this.#countedBytes = 0;
  }

  get #isRunning(): boolean {
    return this.#state.kind === "running";
  }

  get #borrows(): boolean {
    return !this.#keepsContext && this.#allowInTurn;
  }

  #open(): InflateContext {
    if (this.#borrows) return sharedInflate.take();
    return new InflateContext(this.#windowBits, this.#history?.bytes, this.#allowInTurn);
  }

  #part(context: InflateContext | undefined): void {
    this.#context = undefined;
    if (context === undefined) return;
    if (this.#borrows) sharedInflate.giveBack(context);
    else context.close();
  }

  #run(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    this.#context ??= this.#open();
    const zlib = this.#context.inTurn;
    if (zlib !== undefined && end - start <= this.#maxSyncBytes) return this.#runNow(zlib, bytes, start, end, isLast);
    void this.#runAside(this.#context, copyBytes(bytes, start, end), isLast);
    return false;
  }

  #runNow(zlib: ZlibInTurn, bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    const output = spare ?? Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    spare = undefined;
    this.#output = output;
    try {
      return this.#runInto(output, zlib, bytes, start, end, isLast);
    } finally {
      this.#output = NOTHING;
      spare = output;
    }
  }

  #runInto(output: Buffer, zlib: ZlibInTurn, bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    let at = start;
    let total = 0;
    for (;;) {
      // One byte above the limit shows that there is more, and no more than that is made of it.
      const room = Math.min(SCRATCH_BYTES, this.#maxMessageBytes - this.#inflatedBytes + 1);
      if (!zlib.run(constants.Z_SYNC_FLUSH, bytes, at, end, output, room)) return this.#fail("invalid-deflate");
      const { produced } = zlib;
      at += zlib.taken;
      total += produced;
      if (!this.#admit(output, produced)) return true;
      if (produced < room) return this.#endRun(bytes, at, end, isLast, produced);
      const goesOn = this.#owner.inflated(output, 0, produced, false);
      if (!this.#isRunning) return true;
      if (!goesOn) return this.#pause(bytes, at, end, isLast);
      if (total > this.#maxSyncBytes * INFLATE_SPEED) {
        void this.#runAside(this.#context as InflateContext, copyBytes(bytes, at, end), isLast);
        return false;
      }
    }
  }

  /** zlib has made what it can of a piece: the last `produced` bytes, in `#output`, have not been given out. */
  #endRun(bytes: Uint8Array, at: number, end: number, isLast: boolean, produced: number): boolean {
    // It leaves no input but behind a final block.
    if (at < end) return this.#takeOn(bytes, at, end, isLast, produced);
    if (!isLast) return produced === 0 || this.#owner.inflated(this.#output, 0, produced, false);
    const ending = (this.#context as InflateContext).endNow();
    if (ending === "cut") return this.#fail("invalid-deflate");
    return this.#endMessage(ending, produced);
  }

  /** Goes on behind a final block. */
  #takeOn(bytes: Uint8Array, at: number, end: number, isLast: boolean, produced: number): boolean {
    this.#noteFinalBlock(produced);
    if (this.#finalBlocks > MAX_FINAL_BLOCKS) return this.#fail("invalid-deflate");
    this.#part(this.#context);
    const goesOn = produced === 0 || this.#owner.inflated(this.#output, 0, produced, false);
    if (!this.#isRunning) return true;
    return goesOn ? this.#run(bytes, at, end, isLast) : this.#pause(bytes, at, end, isLast);
  }

  #pause(bytes: Uint8Array, at: number, end: number, isLast: boolean): false {
    this.#state = { kind: "paused", rest: copyBytes(bytes, at, end), isLast };
    return false;
  }

  async #runAside(context: InflateContext, input: Uint8Array, isLast: boolean): Promise<void> {
    const state: Aside = { kind: "aside", held: undefined };
    this.#state = state;
    let taken = 0;
    let ending: MessageEnd | undefined;
    try {
      taken = await context.runAside(input, (chunk) => this.#takeAside(state, chunk));
      if (taken === input.length && isLast) ending = await context.end();
      await state.held?.promise;
    } catch {
      ending = "cut";
    }
    if (this.#state !== state) return;
    if (ending === "cut") {
      this.#fail("invalid-deflate");
      return;
    }
    this.#state = RUNNING;
    if (taken < input.length) this.#takeOn(input, taken, input.length, isLast, 0);
    else if (isLast) this.#endMessage(ending as MessageEnd, 0);
    if (!this.#isRunning) return;
    this.#state = READY;
    this.#owner.onInflaterReady();
  }

  /** Returns whether zlib may go on. */
  #takeAside(state: Aside, chunk: Uint8Array): boolean {
    if (this.#state !== state || !this.#admit(chunk, chunk.length)) return true;
    if (this.#owner.inflated(chunk, 0, chunk.length, false)) return true;
    state.held = defer();
    return false;
  }

  #noteFinalBlock(produced: number): void {
    this.#usesFinalBlocks = true;
    this.#finalBlocks++;
    if (!this.#keepsContext || this.#history !== undefined) return;
    this.#history = new WindowHistory(this.#windowBits);
    this.#history.append(this.#output, 0, produced);
  }

  #endMessage(ending: MessageEnd, produced: number): boolean {
    if (ending === "final") this.#noteFinalBlock(produced);
    const goesOn = this.#allowInTurn && this.#keepsContext && ending === "flushed";
    if (!goesOn) this.#part(this.#context);
    this.#hasEndedOne = true;
    this.#inflatedBytes = 0;
    this.#finalBlocks = 0;
    return this.#owner.inflated(this.#output, 0, produced, true);
  }

  /** Counts what was inflated; false when that was too much. */
  #admit(bytes: Uint8Array, produced: number): boolean {
    this.#inflatedBytes += produced;
    if (this.#inflatedBytes > this.#maxMessageBytes) {
      this.#fail("message-too-big");
      return false;
    }
    if (this.#hasEndedOne && this.#allowInTurn && !this.#usesFinalBlocks && produced > 0) this.#history = undefined;
    this.#history?.append(bytes, 0, produced);
    return true;
  }

  #fail(code: "invalid-deflate" | "message-too-big"): true {
    this.close();
    this.#owner.inflateFailed(code);
    return true;
  }
}
