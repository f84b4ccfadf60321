import type { FaultCode } from "./fault.js";
import { FIN, MAX_HEADER_BYTES, readUint32, RSV1 } from "./frame-header.js";
import { isControl, isReserved, Opcode } from "./opcode.js";
import { exceededLimit, type MessageTypes, type ReceiveLimits } from "./receive-limits.js";

const RESERVED_BITS = 0x70;
const OPCODE_BITS = 0x0f;
const MASK_BIT = 0x80;
const LENGTH_BITS = 0x7f;
const MAX_CONTROL_BYTES = 125;

/** What `#parse` returns when the header does not lie whole in the bytes, or is at fault. */
const INCOMPLETE = 0;
const FAULTY = -1;

/** What a peer's frames are held to. */
export interface FrameRules {
  readonly limits: ReceiveLimits;
  readonly messageTypes: MessageTypes;
  /** Whether compression was agreed on. */
  readonly takesCompressed: boolean;
  /** Whether the peer is a client. */
  readonly areMasked: boolean;
}

/**
 * The frames of a peer, by their headers: reads each, judges whether it may be and may follow those before it, and knows what it says of
 * its message.
 */
export class FrameSequence {
  readonly #rules: FrameRules;
  /** A header cut by the end of a chunk waits here. */
  #carry: Uint8Array | undefined;
  #carried = 0;

  // The latest frame.
  isFinal = false;
  opcode = 0;
  payloadLength = 0;
  /** 0 where it is not masked. */
  maskKey = 0;

  // The message under way.
  /** That of its first frame, 0 between messages. */
  messageOpcode = 0;
  /** Frames of it so far. */
  fragments = 0;
  isCompressed = false;
  #messageBytes = 0;

  /** What is wrong with the latest header. */
  fault: FaultCode | undefined;

  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  /** Whether the next byte begins a message, or a frame between two. */
  get isBetweenMessages(): boolean {
    return this.messageOpcode === 0 && this.#carried === 0;
  }

  /**
   * Takes the header of the next frame, which begins with `chunk[start]` or has begun in a chunk before.
   *
   * @returns where its payload begins; undefined where the header goes on in the next chunk, which has been taken note of, or is at fault
   */
  take(chunk: Uint8Array, start: number, end: number): number | undefined {
    const carried = this.#carried;
    if (carried === 0) {
      const size = this.#parse(chunk, start, end - start);
      if (size > 0) return start + size;
      if (size === INCOMPLETE) this.#carryOver(chunk, start, end);
      return undefined;
    }
    const stop = Math.min(end, start + MAX_HEADER_BYTES - carried);
    const carry = this.#carryOver(chunk, start, stop);
    const size = this.#parse(carry, 0, this.#carried);
    if (size <= 0) return undefined;
    this.#carried = 0;
    return start + size - carried;
  }

  /** Its message has ended. */
  endMessage(): void {
    this.messageOpcode = 0;
    this.fragments = 0;
    this.#messageBytes = 0;
  }

  #carryOver(chunk: Uint8Array, start: number, end: number): Uint8Array {
    const carry = (this.#carry ??= new Uint8Array(MAX_HEADER_BYTES));
    for (let at = start; at < end; at++) carry[this.#carried++] = chunk[at] as number;
    return carry;
  }

  #fail(fault: FaultCode): typeof FAULTY {
    this.fault = fault;
    return FAULTY;
  }

  /** Reads the header at `bytes[at]`, of which `available` bytes are there; refuses it as soon as a bad byte shows. */
  #parse(bytes: Uint8Array, at: number, available: number): number {
    const first = bytes[at] as number;
    const fault = this.#checkFirstByte(first);
    if (fault !== undefined) return this.#fail(fault);
    if (available < 2) return INCOMPLETE;

    const second = bytes[at + 1] as number;
    const opcode = first & OPCODE_BITS;
    // RFC 6455 §5.1: a server MUST close on an unmasked frame, a client on a masked one.
    const isMasked = (second & MASK_BIT) !== 0;
    if (isMasked !== this.#rules.areMasked) return this.#fail(isMasked ? "masked-frame" : "unmasked-frame");
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
      const isCompressed = opcode === Opcode.continuation ? this.isCompressed : (first & RSV1) !== 0;
      const excess = exceededLimit(this.#rules.limits, this.#messageBytes, length, isCompressed);
      if (excess !== undefined) return this.#fail(excess);
    }

    const size = isMasked ? lengthEnd + 4 : lengthEnd;
    if (available < size) return INCOMPLETE;
    this.maskKey = isMasked ? readUint32(bytes, at + lengthEnd) | 0 : 0;
    this.#add(first, length);
    return size;
  }

  #add(first: number, length: number): void {
    const opcode = first & OPCODE_BITS;
    this.isFinal = (first & FIN) !== 0;
    this.opcode = opcode;
    this.payloadLength = length;
    if (isControl(opcode)) return;
    if (opcode !== Opcode.continuation) {
      this.messageOpcode = opcode;
      this.isCompressed = (first & RSV1) !== 0;
    }
    this.#messageBytes += length;
    this.fragments++;
  }

  #checkFirstByte(first: number): FaultCode | undefined {
    const { limits, messageTypes } = this.#rules;
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
      if (this.messageOpcode === 0) return "unexpected-continuation";
      // RFC 6455 §10.4: a limit on fragments too, or empty ones could come for ever.
      return this.fragments >= limits.maxFragments ? "too-many-fragments" : undefined;
    }
    if (this.messageOpcode !== 0) return "expected-continuation";
    // RFC 6455 §7.4.1: 1003 is for a type of data that the endpoint cannot accept.
    if (messageTypes === "text" && opcode === Opcode.binary) return "unsupported-data";
    if (messageTypes === "binary" && opcode === Opcode.text) return "unsupported-data";
    return undefined;
  }

  /** RFC 7692 §6: RSV1 marks the first frame of a compressed message, and MUST NOT stand on any other. */
  #mayBeCompressed(opcode: number): boolean {
    return this.#rules.takesCompressed && (opcode === Opcode.text || opcode === Opcode.binary);
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
}
