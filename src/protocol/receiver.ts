import { parseClosePayload } from "./close-payload.js";
import type { FaultCode } from "./fault.js";
import { Found } from "./frame-scanner.js";
import { FrameSequence } from "./frame-sequence.js";
import { applyMask, rotateMaskKey } from "./mask.js";
import { MessageBuffer } from "./message-buffer.js";
import { isControl, Opcode } from "./opcode.js";
import type { ReceiverOptions, ReceiverSink } from "./receiver-sink.js";
import { type IsUtf8, Utf8Validator } from "./utf8-validator.js";
import { WholeFrames, type WholeFramesOwner } from "./whole-frames.js";

const Phase = { header: 0, payload: 1, ended: 2 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/**
 * The receiving half of RFC 6455: bytes in, calls on the sink out. It allocates nothing for a frame that lies whole in a
 * chunk (but a view of words to unmask a payload of 256 bytes or more), never copies such a payload, and unmasks in place, so
 * a chunk belongs to the receiver while `push` runs.
 */
export class Receiver implements WholeFramesOwner {
  readonly #sink: ReceiverSink;
  readonly #frames: FrameSequence;
  readonly #maxMessageBytes: number;
  readonly #unmask: typeof applyMask;
  readonly #isUtf8: IsUtf8 | undefined;
  /** There where a scanner is, and any message of the peer's would be taken that it finds. */
  readonly #whole: WholeFrames | undefined;

  #phase: Phase = Phase.header;
  #isPaused = false;

  /** Bytes of the frame under way that are still to come, and the key for the next of them. */
  #remaining = 0;
  #maskKey = 0;

  // The message under way.
  #seenBits = 0;
  /** Whether the message under way is given on in pieces. */
  #isInPieces = false;
  /** Whether every message is, from the next on. */
  #givesPieces = false;
  readonly #message: MessageBuffer;
  /** There once text has come that is not ASCII. */
  #validator: Utf8Validator | undefined;
  /** A control frame cut by the end of a chunk is gathered here; it may stand between the frames of a message. */
  #control: MessageBuffer | undefined;

  constructor(sink: ReceiverSink, options: ReceiverOptions) {
    this.#sink = sink;
    const { limits, messageTypes, takesCompressed = false } = options;
    const areMasked = options.role === "server";
    this.#frames = new FrameSequence({ limits, messageTypes, takesCompressed, areMasked });
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#unmask = options.unmask ?? applyMask;
    this.#isUtf8 = options.isUtf8;
    this.#message = new MessageBuffer(options.allocate);
    if (options.scanner !== undefined && areMasked && messageTypes === "any") {
      this.#whole = new WholeFrames(options.scanner, limits, this.#unmask, this);
    }
  }

  /** Whether the first frame of a message has begun to come and the last has not come whole. */
  get isMessageUnderWay(): boolean {
    return this.#frames.messageOpcode !== 0;
  }

  /** Bytes of the message under way that are gathered here: none of one that is given on in pieces. */
  get gatheredBytes(): number {
    return this.#message.length;
  }

  /**
   * Memory that the payload under way would be copied to, as far as there is any: a chunk that was read into its beginning is taken
   * without a copy. Undefined where the payload is not gathered, or nothing of it has come.
   */
  get room(): Uint8Array | undefined {
    if (this.#phase !== Phase.payload || isControl(this.#frames.opcode) || this.#message.length === 0) return undefined;
    return this.#message.room(this.#remaining);
  }

  /** Whether messages are given on in pieces. Set in the middle of a message, it begins with what has been gathered of it. */
  get givesPieces(): boolean {
    return this.#givesPieces;
  }

  /** Holds from the next piece on. */
  set givesPieces(givesPieces: boolean) {
    this.#givesPieces = givesPieces;
    if (!givesPieces || this.#frames.messageOpcode === 0 || this.#isInPieces) return;
    const gathered = this.#message.take();
    this.#beginPieces();
    if (gathered.length > 0) this.#sink.piece(gathered, 0, gathered.length, false);
  }

  /** Whether it has met a fault or a close frame, or was ended: it ignores what comes. */
  get isEnded(): boolean {
    return this.#phase === Phase.ended;
  }

  /** Whether more bytes would be gone through: not after the end, nor where the sink asked to pause in the last `push`. */
  get takesMore(): boolean {
    return !this.#isPaused && this.#phase !== Phase.ended;
  }

  /** Whether it is as new: between messages, with nothing of a frame, and nothing asked of it. */
  get isAtRest(): boolean {
    return this.#phase === Phase.header && this.#frames.isBetweenMessages && !this.#isPaused && !this.#givesPieces;
  }

  /** Ignores every byte from now on. */
  end(): void {
    this.#phase = Phase.ended;
  }

  /**
   * Takes `chunk[start, end)` and calls the sink for what is complete.
   *
   * @returns the offset up to which the chunk was taken: `end`, or less when the sink asked to pause after a message; the
   * caller then gives the rest again, later. Nothing of it has been touched.
   */
  push(chunk: Uint8Array, start: number, end: number): number {
    this.#isPaused = false;
    let at = start;
    while (at < end && !this.#isPaused) {
      if (this.#phase === Phase.payload) at = this.#takePayload(chunk, at, end);
      else if (this.#phase === Phase.header) at = this.#takeFrames(chunk, at, end);
      else return end;
    }
    return at;
  }

  #fail(code: FaultCode): void {
    this.#phase = Phase.ended;
    this.#sink.fault(code);
  }

  /** Takes messages of one frame that lie whole in the chunk, if that is what there is; and otherwise a header. */
  #takeFrames(chunk: Uint8Array, start: number, end: number): number {
    if (this.#whole !== undefined && this.#frames.isBetweenMessages && !this.#givesPieces) {
      const at = this.#whole.take(chunk, start, end);
      if (at > start) return at;
    }
    return this.#takeHeader(chunk, start, end);
  }

  #takeHeader(chunk: Uint8Array, start: number, end: number): number {
    const frames = this.#frames;
    const wasUnderWay = frames.messageOpcode !== 0;
    const at = frames.take(chunk, start, end);
    if (at === undefined) {
      if (frames.fault !== undefined) this.#fail(frames.fault);
      return end;
    }
    if (!wasUnderWay && frames.messageOpcode !== 0 && (frames.isCompressed || this.#givesPieces)) this.#beginPieces();
    this.#remaining = frames.payloadLength;
    this.#maskKey = frames.maskKey;
    this.#phase = Phase.payload;
    return this.#remaining === 0 ? this.#takePayload(chunk, at, at) : at;
  }

  #beginPieces(): void {
    this.#isInPieces = true;
    this.#sink.begin(this.#frames.messageOpcode === Opcode.text, this.#frames.isCompressed);
  }

  #takePayload(chunk: Uint8Array, start: number, end: number): number {
    const remaining = this.#remaining;
    const stop = end - start < remaining ? end : start + remaining;
    const unmask = this.#unmask;
    const seenBits = unmask(chunk, start, stop, this.#maskKey);
    this.#remaining = remaining - (stop - start);
    if (this.#remaining === 0) this.#phase = Phase.header;
    else this.#maskKey = rotateMaskKey(this.#maskKey, stop - start);
    if (isControl(this.#frames.opcode)) this.#takeControl(chunk, start, stop);
    else this.#takeData(chunk, start, stop, seenBits);
    return stop;
  }

  #takeControl(chunk: Uint8Array, start: number, end: number): void {
    if (end - start === this.#frames.payloadLength) {
      this.#deliverControl(chunk, start, end);
      return;
    }
    const control = (this.#control ??= new MessageBuffer());
    control.append(chunk, start, end, this.#frames.payloadLength, this.#frames.payloadLength);
    if (this.#remaining > 0) return;
    const payload = control.take();
    this.#deliverControl(payload, 0, payload.length);
  }

  #deliverControl(bytes: Uint8Array, start: number, end: number): void {
    if (this.#frames.opcode === Opcode.ping) {
      this.#sink.ping(bytes, start, end);
    } else if (this.#frames.opcode === Opcode.pong) {
      this.#sink.pong(bytes, start, end);
    } else {
      const payload = parseClosePayload(bytes, start, end);
      if (typeof payload === "string") {
        this.#fail(payload);
      } else {
        // RFC 6455 §1.4: after a close frame was received, any further data is discarded.
        this.#phase = Phase.ended;
        this.#sink.close(payload);
      }
    }
  }

  #takeData(chunk: Uint8Array, start: number, end: number, seenBits: number): void {
    const isText = this.#frames.messageOpcode === Opcode.text && !this.#frames.isCompressed;
    // RFC 6455 §8.1: text that is not UTF-8 MUST fail the connection; here at the first bad byte.
    if (isText && !this.#checkText(chunk, start, end, seenBits)) {
      this.#fail("invalid-utf8");
      return;
    }
    this.#seenBits |= seenBits;
    const isEnd = this.#frames.isFinal && this.#remaining === 0;
    if (this.#isInPieces) {
      if (isEnd || start < end) this.#deliverPiece(chunk, start, end, isEnd);
      return;
    }
    if (isEnd && this.#frames.fragments === 1 && end - start === this.#frames.payloadLength) {
      this.#deliver(chunk, start, end, false);
      return;
    }
    const announced = this.#remaining + (end - start);
    const atMost = this.#frames.isFinal ? announced : this.#maxMessageBytes - this.#message.length;
    this.#message.append(chunk, start, end, announced, atMost);
    if (!isEnd) return;
    const message = this.#message.take();
    this.#deliver(message, 0, message.length, true);
  }

  /** A message that `WholeFrames` has found. */
  takeWhole(bytes: Uint8Array, start: number, end: number, found: Found): boolean {
    if (found === Found.text && !this.#isUtf8Text(bytes, start, end, true)) {
      this.#fail("invalid-utf8");
      return false;
    }
    const isBinary = found === Found.binary;
    const goOn = isBinary
      ? this.#sink.binary(bytes, start, end, false)
      : this.#sink.text(bytes, start, end, found === Found.ascii);
    if (!goOn) this.#isPaused = true;
    return this.takesMore && !this.#givesPieces;
  }

  #checkText(bytes: Uint8Array, start: number, end: number, seenBits: number): boolean {
    if (seenBits < 0x80 && this.#validator?.isComplete !== false) return true;
    return this.#isUtf8Text(bytes, start, end, this.#frames.isFinal && this.#remaining === 0);
  }

  #isUtf8Text(bytes: Uint8Array, start: number, end: number, isEnd: boolean): boolean {
    const validator = (this.#validator ??= new Utf8Validator(this.#isUtf8));
    return validator.write(bytes, start, end) && (!isEnd || validator.isComplete);
  }

  #deliver(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    const isText = this.#frames.messageOpcode === Opcode.text;
    const isAscii = this.#seenBits < 0x80;
    this.#endMessage();
    const goOn = isText ? this.#sink.text(bytes, start, end, isAscii) : this.#sink.binary(bytes, start, end, isOwned);
    if (!goOn) this.#isPaused = true;
  }

  #deliverPiece(bytes: Uint8Array, start: number, end: number, isLast: boolean): void {
    if (isLast) this.#endMessage();
    if (!this.#sink.piece(bytes, start, end, isLast)) this.#isPaused = true;
  }

  #endMessage(): void {
    this.#frames.endMessage();
    this.#seenBits = 0;
    this.#isInPieces = false;
  }
}
