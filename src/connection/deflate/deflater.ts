import type { DeflateDirection } from "../../protocol/index.js";
import { copyBytes } from "../received-message.js";
import { compressionMemory, deflateBytes } from "./compression-memory.js";
import type { ResolvedCompressionOptions } from "./compression-options.js";
import { DeflateContext, type DeflateSettings, withoutTail } from "./deflate-context.js";
import { type SharedDeflate, sharedDeflate } from "./shared-contexts.js";
import { ShrinkRecord } from "./shrink-record.js";
import { canRunZlibInTurn } from "./zlib-in-turn.js";

/** RFC 7692 §7.2.3.6: an empty message, and the end of one that is flushed already, is the header of an empty block. */
const EMPTY_BLOCK = Uint8Array.of(0x00);
/** zlib cannot keep to a window of 256 bytes: it takes one of 512 instead. */
const MIN_WINDOW_BITS = 9;

/**
 * Compresses what one connection sends. One message at a time: who goes aside waits for it before the next. The compressor of a
 * connection with context takeover is made when its first message is compressed; where the budget has no room for it, and without
 * context takeover, it borrows a shared one, which begins anew with each message, as any compressor may.
 */
export class Deflater {
  readonly #settings: DeflateSettings;
  readonly #keepsContext: boolean;
  readonly #thresholdBytes: number;
  readonly #maxSyncBytes: number;
  readonly #maxMemoryBytes: number;
  readonly #shared: SharedDeflate;
  readonly #texts: ShrinkRecord = new ShrinkRecord();
  readonly #binaries: ShrinkRecord = new ShrinkRecord();
  readonly #allowInTurn: boolean;
  /** How a message that is compressed by itself is: two deflaters with the same make the same of it. */
  readonly variant: string;
  #own: DeflateContext | undefined;
  #isClosed = false;

  /** @param direction what the handshake has settled about our messages */
  constructor(
    direction: DeflateDirection,
    options: ResolvedCompressionOptions,
    allowInTurn: boolean = canRunZlibInTurn(),
  ) {
    const windowBits = Math.max(direction.windowBits, MIN_WINDOW_BITS);
    this.#settings = { level: options.level, memLevel: options.memLevel, windowBits };
    this.#keepsContext = direction.contextTakeover;
    const { withTakeover, without } = options.thresholdBytes;
    const threshold = direction.contextTakeover ? withTakeover : without;
    this.#thresholdBytes = direction.windowBits < MIN_WINDOW_BITS ? Number.POSITIVE_INFINITY : threshold;
    this.#maxSyncBytes = allowInTurn ? options.maxSyncBytes : -1;
    this.#maxMemoryBytes = options.maxMemoryBytes;
    this.#shared = sharedDeflate(this.#settings);
    this.variant = `${options.level}/${options.memLevel}/${windowBits}`;
    this.#allowInTurn = allowInTurn;
  }

  /** Whether it can compress at all: not where the peer allows only the window that zlib has not. */
  get isUsable(): boolean {
    return this.#thresholdBytes < Number.POSITIVE_INFINITY;
  }

  /** Whether a message of `byteLength` reaches the threshold. */
  isLongEnough(byteLength: number): boolean {
    return byteLength >= this.#thresholdBytes;
  }

  /** Whether the next message is to be compressed: long enough, and of a type that has shrunk lately. To be asked once for each. */
  admits(isText: boolean, byteLength: number): boolean {
    return this.isLongEnough(byteLength) && this.#recordOf(isText).admits();
  }

  /** Whether it is compressed at once, by `compressNow`. */
  isAtOnce(byteLength: number): boolean {
    return byteLength <= this.#maxSyncBytes;
  }

  /** The payload of the whole message `bytes`, borrowed: good until anything else is compressed. */
  compressNow(isText: boolean, bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return EMPTY_BLOCK;
    const flushed = this.#context()?.runNow(bytes) ?? this.#shared.runNow(bytes);
    return this.#note(isText, bytes, withoutTail(flushed as Uint8Array));
  }

  /**
   * The payload of the whole message `bytes`, which must stay as they are meanwhile; yours to keep. Rejects when this is closed
   * first.
   */
  async compressAside(isText: boolean, bytes: Uint8Array): Promise<Uint8Array> {
    if (bytes.length === 0) return EMPTY_BLOCK;
    const flushed = await (this.#context() ?? this.#shared).runAside(bytes);
    return this.#note(isText, bytes, withoutTail(flushed));
  }

  /** Begins a message that is compressed piece by piece; `undefined` where it is better sent as it is, unless that `isForced`. */
  beginPieces(isText: boolean, isForced = false): PieceDeflater | undefined {
    if (isForced ? !this.isUsable : !this.admits(isText, Number.MAX_VALUE)) return undefined;
    const record = this.#recordOf(isText);
    const own = this.#context();
    if (own !== undefined) return new PieceDeflater(own, this.#maxSyncBytes, record, noop);
    const borrowed = this.#shared.take();
    return new PieceDeflater(borrowed, this.#maxSyncBytes, record, () => this.#shared.giveBack(borrowed));
  }

  /** The payload of a message that is to go to others too: it refers to none before it, and none after it may refer to it. */
  compressAloneNow(bytes: Uint8Array): Uint8Array {
    return bytes.length === 0 ? EMPTY_BLOCK : withoutTail(this.#shared.runNow(bytes) as Uint8Array);
  }

  /** The same on zlib's threads. */
  async compressAlone(bytes: Uint8Array): Promise<Uint8Array> {
    return bytes.length === 0 ? EMPTY_BLOCK : withoutTail(await this.#shared.runAside(bytes));
  }

  /** Such a message, or any that something else has compressed, was sent: what follows can no longer refer to what was before it. */
  noteForeignMessage(): void {
    this.#own?.reset();
  }

  /** Frees what it holds. Idempotent. */
  close(): void {
    this.#isClosed = true;
    const own = this.#own;
    if (own === undefined) return;
    this.#own = undefined;
    own.close();
    compressionMemory.release(deflateBytes(this.#settings));
  }

  #context(): DeflateContext | undefined {
    if (this.#own !== undefined || !this.#keepsContext || this.#isClosed) return this.#own;
    const bytes = deflateBytes(this.#settings);
    if (!compressionMemory.hasRoom(bytes, this.#maxMemoryBytes)) return undefined;
    compressionMemory.take(bytes);
    this.#own = new DeflateContext(this.#settings, this.#allowInTurn);
    return this.#own;
  }

  #recordOf(isText: boolean): ShrinkRecord {
    return isText ? this.#texts : this.#binaries;
  }

  #note(isText: boolean, before: Uint8Array, after: Uint8Array): Uint8Array {
    this.#recordOf(isText).note(before.length, after.length);
    return after;
  }
}

/**
 * Compresses one message in pieces. Each becomes the payload of a fragment that holds all of it, so that the peer can have what was
 * written so far; the first frame of the message carries RSV1.
 */
export class PieceDeflater {
  readonly #context: DeflateContext;
  readonly #maxSyncBytes: number;
  readonly #record: ShrinkRecord;
  #release: () => void;
  #before = 0;
  #after = 0;

  constructor(context: DeflateContext, maxSyncBytes: number, record: ShrinkRecord, release: () => void) {
    this.#context = context;
    this.#maxSyncBytes = maxSyncBytes;
    this.#record = record;
    this.#release = release;
  }

  /** The payload of a fragment with `bytes`, of which there is at least one and which must stay as they are meanwhile. One at a time. */
  async add(bytes: Uint8Array): Promise<Uint8Array> {
    const borrowed = bytes.length <= this.#maxSyncBytes ? this.#context.runNow(bytes) : undefined;
    const payload =
      borrowed === undefined ? await this.#context.runAside(bytes) : copyBytes(borrowed, 0, borrowed.length);
    this.#before += bytes.length;
    this.#after += payload.length;
    return payload;
  }

  /** The payload of the last fragment. */
  end(): Uint8Array {
    if (this.#before > 0) this.#record.note(this.#before, this.#after);
    this.close();
    return EMPTY_BLOCK;
  }

  /** Gives the compressor back: after the end of the message, or where it is given up. Idempotent. */
  close(): void {
    this.#release();
    this.#release = noop;
  }
}

function noop(): void {}
