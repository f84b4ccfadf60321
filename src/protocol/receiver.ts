import { parseClosePayload } from "./close-payload.js";
import type { FaultCode } from "./fault.js";
import { Found } from "./frame-scanner.js";
import { FIN, MAX_HEADER_BYTES, readUint32, RSV1 } from "./frame-header.js";
import { applyMask, rotateMaskKey } from "./mask.js";
import { MessageBuffer } from "./message-buffer.js";
import { isControl, isReserved, Opcode } from "./opcode.js";
import { exceededLimit, type MessageTypes, type ReceiveLimits } from "./receive-limits.js";
import type { ReceiverOptions, ReceiverSink } from "./receiver-sink.js";
import { type IsUtf8, Utf8Validator } from "./utf8-validator.js";
import { WholeFrames, type WholeFramesOwner } from "./whole-frames.js";

const Phase = { header: 0, payload: 1, ended: 2 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

const RESERVED_BITS = 0x70;
const OPCODE_BITS = 0x0f;
const MASK_BIT = 0x80;
const LENGTH_BITS = 0x7f;
const MAX_CONTROL_BYTES = 125;

/** What `#parseHeader` returns when the header does not lie whole in the bytes, or is at fault. */
const INCOMPLETE = 0;
const FAULTY = -1;

/**
 * The receiving half of RFC 6455: bytes in, calls on the sink out. It allocates nothing for a frame that lies whole in a
 * chunk (but a view of words to unmask a payload of 256 bytes or more), never copies such a payload, and unmasks in place, so
 * a chunk belongs to the receiver while `push` runs.
 */
export class Receiver implements WholeFramesOwner {
  readonly #sink: ReceiverSink;
  readonly #limits: ReceiveLimits;
  readonly #messageTypes: MessageTypes;
  readonly #takesCompressed: boolean;
  readonly #isServer: boolean;
  readonly #unmask: typeof applyMask;
  readonly #isUtf8: IsUtf8 | undefined;
  /** There where a scanner is, and any message of the peer's would be taken that it finds. */
  readonly #whole: WholeFrames | undefined;

  #phase: Phase = Phase.header;
  #isPaused = false;
  /** A header cut by the end of a chunk waits here. */
  #carry: Uint8Array | undefined;
  #carried = 0;

  // The frame under way.
  #isFinal = false;
  #opcode = 0;
  #payloadLength = 0;
  #remaining = 0;
  #maskKey = 0;

  // The message under way. `#messageOpcode` is that of its first frame, 0 between messages.
  #messageOpcode = 0;
  #messageBytes = 0;
  #fragments = 0;
  #seenBits = 0;
  #isCompressed = false;
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
    this.#limits = options.limits;
    this.#messageTypes = options.messageTypes;
    this.#takesCompressed = options.takesCompressed ?? false;
    this.#isServer = options.role === "server";
    this.#unmask = options.unmask ?? applyMask;
    this.#isUtf8 = options.isUtf8;
    this.#message = new MessageBuffer(options.allocate);
    if (options.scanner !== undefined && this.#isServer && this.#messageTypes === "any") {
      this.#whole = new WholeFrames(options.scanner, this.#limits, this.#unmask, this);
    }
  }

  /** Whether the first frame of a message has begun to come and the last has not come whole. */
  get isMessageUnderWay(): boolean {
    return this.#messageOpcode !== 0;
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
    if (this.#phase !== Phase.payload || isControl(this.#opcode) || this.#message.length === 0) return undefined;
    return this.#message.room(this.#remaining);
  }

  /** Whether messages are given on in pieces. Set in the middle of a message, it begins with what has been gathered of it. */
  get givesPieces(): boolean {
    return this.#givesPieces;
  }

  /** Holds from the next piece on. */
  set givesPieces(givesPieces: boolean) {
    this.#givesPieces = givesPieces;
    if (!givesPieces || this.#messageOpcode === 0 || this.#isInPieces) return;
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
    return (
      this.#phase === Phase.header &&
      this.#carried === 0 &&
      this.#messageOpcode === 0 &&
      !this.#isPaused &&
      !this.#givesPieces
    );
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

  #fail(code: FaultCode): typeof FAULTY {
    this.#phase = Phase.ended;
    this.#sink.fault(code);
    return FAULTY;
  }

  /** Takes messages of one frame that lie whole in the chunk, if that is what there is; and otherwise a header. */
  #takeFrames(chunk: Uint8Array, start: number, end: number): number {
    if (this.#whole !== undefined && this.#messageOpcode === 0 && this.#carried === 0 && !this.#givesPieces) {
      const at = this.#whole.take(chunk, start, end);
      if (at > start) return at;
    }
    return this.#takeHeader(chunk, start, end);
  }

  #takeHeader(chunk: Uint8Array, start: number, end: number): number {
    const carried = this.#carried;
    if (carried === 0) {
      const size = this.#parseHeader(chunk, start, end - start);
      if (size > 0) return this.#beginPayload(chunk, start + size);
      if (size === INCOMPLETE) this.#carryOver(chunk, start, end);
      return end;
    }
    const stop = Math.min(end, start + MAX_HEADER_BYTES - carried);
    const carry = this.#carryOver(chunk, start, stop);
    const size = this.#parseHeader(carry, 0, this.#carried);
    if (size <= 0) return end;
    this.#carried = 0;
    return this.#beginPayload(chunk, start + size - carried);
  }

  #carryOver(chunk: Uint8Array, start: number, end: number): Uint8Array {
    const carry = (this.#carry ??= new Uint8Array(MAX_HEADER_BYTES));
    for (let at = start; at < end; at++) carry[this.#carried++] = chunk[at] as number;
    return carry;
  }

  /** Reads the header at `bytes[at]`, of which `available` bytes are there; refuses it as soon as a bad byte shows. */
  #parseHeader(bytes: Uint8Array, at: number, available: number): number {
    const first = bytes[at] as number;
    const fault = this.#checkFirstByte(first);
    if (fault !== undefined) return this.#fail(fault);
    if (available < 2) return INCOMPLETE;

    const second = bytes[at + 1] as number;
    const opcode = first & OPCODE_BITS;
    // RFC 6455 §5.1: a server MUST close on an unmasked frame, a client on a masked one.
    const isMasked = (second & MASK_BIT) !== 0;
    if (isMasked !== this.#isServer) return this.#fail(isMasked ? "masked-frame" : "unmasked-frame");
    let length = second & LENGTH_BITS;
    // RFC 6455 §5.5: control frames MUST have a payload of 125 bytes or less.
    if (isControl(opcode) && length > MAX_CONTROL_BYTES) return this.#fail("control-too-long");

    const lengthEnd = length < 126 ? 2 : length === 126 ? 4 : 10;
    // RFC 6455 §5.2: the most significant bit of a 64-bit length MUST be 0.
    if (lengthEnd === 10 && available > 2 && (bytes[at + 2] as number) >= 0x80) return this.#fail("length-high-bit");
    if (available < lengthEnd) return INCOMPLETE;
    if (lengthEnd > 2) {
      length = this.#readExtendedLength(bytes, at + 2, lengthEnd);
      if (length === FAULTY) return FAULTY;
    }
    if (!isControl(opcode)) {
      const isCompressed = opcode === Opcode.continuation ? this.#isCompressed : (first & RSV1) !== 0;
      const excess = exceededLimit(this.#limits, this.#messageBytes, length, isCompressed);
      if (excess !== undefined) return this.#fail(excess);
    }

    const size = isMasked ? lengthEnd + 4 : lengthEnd;
    if (available < size) return INCOMPLETE;
    this.#isFinal = (first & FIN) !== 0;
    this.#opcode = opcode;
    if (opcode === Opcode.text || opcode === Opcode.binary) this.#isCompressed = (first & RSV1) !== 0;
    this.#payloadLength = length;
    this.#remaining = length;
    this.#maskKey = isMasked ? readUint32(bytes, at + lengthEnd) | 0 : 0;
    return size;
  }

  #checkFirstByte(first: number): FaultCode | undefined {
    const opcode = first & OPCODE_BITS;
    const reserved = first & RESERVED_BITS;
    // RFC 6455 §5.2: RSV1-3 MUST be 0 unless an extension is negotiated that defines them.
    if (reserved !== 0 && !(reserved === RSV1 && this.#mayBeCompressed(opcode))) return "reserved-bit";
    // RFC 6455 §5.2: an unknown opcode MUST fail the connection.
    if (isReserved(opcode)) return "reserved-opcode";
    if (isControl(opcode)) {
      // RFC 6455 §5.5: control frames MUST NOT be fragmented.
      return (first & FIN) === 0 ? "fragmented-control" : undefined;
    }
    // RFC 6455 §5.4: the fragments of one message MUST NOT be interleaved with those of another.
    if (opcode === Opcode.continuation) {
      if (this.#messageOpcode === 0) return "unexpected-continuation";
      // RFC 6455 §10.4: a limit on fragments too, or empty ones could come for ever.
      return this.#fragments >= this.#limits.maxFragments ? "too-many-fragments" : undefined;
    }
    if (this.#messageOpcode !== 0) return "expected-continuation";
    // RFC 6455 §7.4.1: 1003 is for a type of data that the endpoint cannot accept.
    if (this.#messageTypes === "text" && opcode === Opcode.binary) return "unsupported-data";
    if (this.#messageTypes === "binary" && opcode === Opcode.text) return "unsupported-data";
    return undefined;
  }

  /** RFC 7692 §6: RSV1 marks the first frame of a compressed message, and MUST NOT stand on any other. */
  #mayBeCompressed(opcode: number): boolean {
    return this.#takesCompressed && (opcode === Opcode.text || opcode === Opcode.binary);
  }

  /** The 16-bit or 64-bit length at `bytes[at]`; its highest bit has been checked. */
  #readExtendedLength(bytes: Uint8Array, at: number, lengthEnd: number): number {
    if (lengthEnd === 4) {
      const length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      // RFC 6455 §5.2: the minimal number of bytes MUST be used to encode the length.
      return length < 126 ? this.#fail("non-minimal-length") : length;
    }
    // Above 2^53 the sum is rounded, but it is a number all the same and above every finite limit.
    const length = readUint32(bytes, at) * 0x1_0000_0000 + readUint32(bytes, at + 4);
    return length < 0x10000 ? this.#fail("non-minimal-length") : length;
  }

  #beginPayload(chunk: Uint8Array, at: number): number {
    if (!isControl(this.#opcode)) {
      if (this.#messageOpcode === 0) {
        this.#messageOpcode = this.#opcode;
        if (this.#isCompressed || this.#givesPieces) this.#beginPieces();
      }
      this.#messageBytes += this.#payloadLength;
      this.#fragments++;
    }
    this.#phase = Phase.payload;
    return this.#remaining === 0 ? this.#takePayload(chunk, at, at) : at;
  }

  #beginPieces(): void {
    this.#isInPieces = true;
    this.#sink.begin(this.#messageOpcode === Opcode.text, this.#isCompressed);
  }

  #takePayload(chunk: Uint8Array, start: number, end: number): number {
    const remaining = this.#remaining;
    const stop = end - start < remaining ? end : start + remaining;
    const unmask = this.#unmask;
    const seenBits = unmask(chunk, start, stop, this.#maskKey);
    this.#remaining = remaining - (stop - start);
    if (this.#remaining === 0) this.#phase = Phase.header;
    else this.#maskKey = rotateMaskKey(this.#maskKey, stop - start);
    if (isControl(this.#opcode)) this.#takeControl(chunk, start, stop);
    else this.#takeData(chunk, start, stop, seenBits);
    return stop;
  }

  #takeControl(chunk: Uint8Array, start: number, end: number): void {
    if (end - start === this.#payloadLength) {
      this.#deliverControl(chunk, start, end);
      return;
    }
    const control = (this.#control ??= new MessageBuffer());
    control.append(chunk, start, end, this.#payloadLength, this.#payloadLength);
    if (this.#remaining > 0) return;
    const payload = control.take();
    this.#deliverControl(payload, 0, payload.length);
  }

  #deliverControl(bytes: Uint8Array, start: number, end: number): void {
    if (this.#opcode === Opcode.ping) {
      this.#sink.ping(bytes, start, end);
    } else if (this.#opcode === Opcode.pong) {
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
    const isText = this.#messageOpcode === Opcode.text && !this.#isCompressed;
    // RFC 6455 §8.1: text that is not UTF-8 MUST fail the connection; here at the first bad byte.
    if (isText && !this.#checkText(chunk, start, end, seenBits)) {
      this.#fail("invalid-utf8");
      return;
    }
    this.#seenBits |= seenBits;
    const isEnd = this.#isFinal && this.#remaining === 0;
    if (this.#isInPieces) {
      if (isEnd || start < end) this.#deliverPiece(chunk, start, end, isEnd);
      return;
    }
    if (isEnd && this.#fragments === 1 && end - start === this.#payloadLength) {
      this.#deliver(chunk, start, end, false);
      return;
    }
    const announced = this.#remaining + (end - start);
    const atMost = this.#isFinal ? announced : this.#limits.maxMessageBytes - this.#message.length;
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
    return this.#isUtf8Text(bytes, start, end, this.#isFinal && this.#remaining === 0);
  }

  #isUtf8Text(bytes: Uint8Array, start: number, end: number, isEnd: boolean): boolean {
    const validator = (this.#validator ??= new Utf8Validator(this.#isUtf8));
    return validator.write(bytes, start, end) && (!isEnd || validator.isComplete);
  }

  #deliver(bytes: Uint8Array, start: number, end: number, isOwned: boolean): void {
    const isText = this.#messageOpcode === Opcode.text;
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
    this.#messageOpcode = 0;
    this.#messageBytes = 0;
    this.#fragments = 0;
    this.#seenBits = 0;
    this.#isInPieces = false;
  }
}
