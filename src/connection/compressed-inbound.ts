import { isAscii } from "node:buffer";

import {
  type DeflateAgreement,
  type FaultCode,
  MessageBuffer,
  type ReceiverSink,
  Utf8Validator,
} from "../protocol/index.js";
import type { ResolvedConnectionOptions } from "./connection-options.js";
import { Inflater, type InflaterOwner, type InflaterSetup } from "./deflate/index.js";
import { allocateUnfilled, copyBytes, isValidUtf8 } from "./received-message.js";

/** Where inflated messages go: whole ones as from a receiver. */
export interface InflatedSink extends Pick<ReceiverSink, "text" | "binary" | "fault"> {
  /** A message begins that is given on in pieces. */
  beginInflated(isText: boolean): void;
  /** A piece of it, text checked already; returns whether another may follow at once. */
  inflatedPiece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean;
  /** Whether so many bytes of a message may be gathered before anybody has asked for it. */
  mayGather(bytes: number): boolean;
  /** A piece that was not through at once is through now. */
  pump(): void;
}

/** Compressed messages on their way in: inflated, checked, and given on whole or in pieces as those that are not compressed. */
export class CompressedInbound implements InflaterOwner {
  readonly #sink: InflatedSink;
  readonly #inflater: Inflater;
  readonly #message: MessageBuffer = new MessageBuffer(allocateUnfilled);
  readonly #validator: Utf8Validator = new Utf8Validator(isValidUtf8);
  readonly #maxMessageBytes: number;
  /** Whether every message is given on in pieces, from the next on. */
  #givesPieces = false;

  // The message under way. Its last piece may have been taken while it is still being inflated.
  #isUnderWay = false;
  #isText = false;
  #isInPieces = false;
  #isAscii = true;

  constructor(setup: InflaterSetup, sink: InflatedSink) {
    this.#inflater = new Inflater(setup, this);
    this.#maxMessageBytes = setup.maxMessageBytes;
    this.#sink = sink;
  }

  /** Whether the next piece, or another message, must wait. */
  get isBusy(): boolean {
    return this.#inflater.isBusy;
  }

  /** Bytes of the message under way that are gathered here. */
  get gatheredBytes(): number {
    return this.#message.length;
  }

  /** As `givesPieces` of a receiver. */
  set givesPieces(givesPieces: boolean) {
    this.#givesPieces = givesPieces;
    if (!givesPieces || !this.#isUnderWay || this.#isInPieces) return;
    const gathered = this.#message.take();
    this.#isInPieces = true;
    this.#sink.beginInflated(this.#isText);
    if (gathered.length > 0) this.#sink.inflatedPiece(gathered, 0, gathered.length, false);
  }

  begin(isText: boolean): void {
    this.#isUnderWay = true;
    this.#isText = isText;
    this.#isInPieces = this.#givesPieces;
    this.#isAscii = true;
    if (this.#isInPieces) this.#sink.beginInflated(isText);
  }

  /** Takes a piece of the payload; returns whether the next may follow at once. */
  take(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    return this.#inflater.take(bytes, start, end, isLast) && !this.#inflater.isBusy;
  }

  /** Goes on with what was held back. */
  resume(): void {
    this.#inflater.resume();
  }

  /** The socket is gone: what is left to be read counts no longer against the budget. */
  uncount(): void {
    this.#inflater.uncount();
  }

  close(): void {
    this.#inflater.close();
    this.#message.take();
  }

  // InflaterOwner

  inflated(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    // RFC 6455 §8.1: text that is not UTF-8 MUST fail the connection; RFC 7692 §6.2: the text is what was inflated.
    if (this.#isText && !this.#check(bytes, start, end, isLast)) {
      this.#sink.fault("invalid-utf8");
      return true;
    }
    if (isLast) this.#isUnderWay = false;
    if (this.#isInPieces) return this.#sink.inflatedPiece(bytes, start, end, isLast);
    if (isLast && this.#message.length === 0) return this.#deliver(bytes, start, end, false);
    this.#message.append(bytes, start, end, end - start, this.#maxMessageBytes - this.#message.length);
    if (!isLast) return this.#sink.mayGather(this.#message.length);
    const message = this.#message.take();
    return this.#deliver(message, 0, message.length, true);
  }

  inflateFailed(code: FaultCode): void {
    this.#sink.fault(code);
  }

  onInflaterReady(): void {
    this.#sink.pump();
  }

  #check(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    const isPieceAscii = isAscii(bytes.subarray(start, end));
    if (isPieceAscii && this.#validator.isComplete) return true;
    this.#isAscii = false;
    return this.#validator.write(bytes, start, end) && (!isLast || this.#validator.isComplete);
  }

  #deliver(bytes: Uint8Array, start: number, end: number, isOwned: boolean): boolean {
    if (this.#isText) return this.#sink.text(bytes, start, end, this.#isAscii);
    // What it was inflated into is used again, and who borrows takes a view.
    const message = isOwned ? bytes : copyBytes(bytes, start, end);
    return this.#sink.binary(message, 0, message.length, true);
  }
}

/** The way in of a connection's compressed messages; `undefined` where the handshake has agreed on none. */
export function openCompressed(
  {
    deflate,
    options,
  }: { readonly deflate?: DeflateAgreement | undefined; readonly options: ResolvedConnectionOptions },
  sink: InflatedSink,
): CompressedInbound | undefined {
  const { compression, limits } = options;
  if (deflate === undefined || compression === undefined) return undefined;
  const { maxMessageBytes } = limits;
  return new CompressedInbound(
    { direction: deflate.peers, maxMessageBytes, maxSyncBytes: compression.maxSyncBytes },
    sink,
  );
}
