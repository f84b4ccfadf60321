import { randomBytes } from "node:crypto";
import { clientFrame, frameHeader, Opcode, serverFrame } from "./frame.js";
import type { EchoShape } from "./settings.js";

/** Bytes from which on one message has to do: a handful of them, masked and not, would fill the memory. */
const LARGE = 4 * 1024 * 1024;

/**
 * The messages that one connection sends over and over, each different, built once: sending is then a view into
 * finished bytes, and masking costs the generator nothing while it measures.
 */
export class MessageRing {
  /** How many different messages there are. */
  readonly size: number;
  /** What a server must answer, one frame after another in the order of sending. */
  readonly replies: Buffer;
  readonly replyHeaderBytes: number;
  readonly replyBytes: number;

  readonly #requests: Buffer;
  readonly #requestBytes: number;
  readonly #inFlight: number;
  readonly #views: (Buffer | undefined)[];
  #next = 0;

  constructor(shape: Pick<EchoShape, "payload" | "payloadBytes" | "inFlight">) {
    const opcode = shape.payload === "binary" ? Opcode.binary : Opcode.text;
    this.size = Math.max(shape.inFlight, shape.payloadBytes > LARGE ? 1 : 4);
    const payloads = Array.from({ length: this.size }, () => randomPayload(shape));
    const requests = payloads.map((payload) => clientFrame(opcode, payload, randomBytes(4)));

    this.replies = Buffer.concat(payloads.map((payload) => serverFrame(opcode, payload)));
    this.replyHeaderBytes = frameHeader(opcode, shape.payloadBytes, false).length;
    this.replyBytes = this.replyHeaderBytes + shape.payloadBytes;
    this.#inFlight = shape.inFlight;
    // The start follows the end once more, so that any run of messages lies in one piece.
    this.#requests = Buffer.concat([...requests, ...requests.slice(0, shape.inFlight)]);
    this.#requestBytes = this.#requests.length / (this.size + shape.inFlight);
    this.#views = Array.from({ length: this.size * shape.inFlight });
  }

  /** The bytes of the next `count` messages, between 1 and `inFlight`. */
  take(count: number): Buffer {
    if (count < 1 || count > this.#inFlight)
      throw new RangeError(`takes 1 to ${this.#inFlight} messages, not ${count}`);
    const first = this.#next;
    this.#next = (first + count) % this.size;
    return (this.#views[first * this.#inFlight + count - 1] ??= this.#requests.subarray(
      first * this.#requestBytes,
      (first + count) * this.#requestBytes,
    ));
  }
}

function randomPayload({ payload, payloadBytes }: Pick<EchoShape, "payload" | "payloadBytes">): Uint8Array {
  const bytes = randomBytes(payloadBytes);
  switch (payload) {
    case "binary":
      return bytes;
    case "ascii":
      return bytes.map(toPrintable);
    case "chinese":
      return chinese(bytes);
  }
}

function toPrintable(byte: number): number {
  return 0x20 + (byte % 0x5f);
}

/** Characters of three bytes each, U+4E00 and up, as many as fit; what is left is ASCII. */
function chinese(bytes: Uint8Array): Uint8Array {
  const characters = Math.floor(bytes.length / 3);
  const text = Array.from({ length: characters }, (_, at) => {
    const [high = 0, low = 0] = bytes.subarray(at * 3);
    return String.fromCodePoint(0x4e00 + (((high << 8) | low) % 0x5000));
  });
  return Buffer.concat([Buffer.from(text.join("")), bytes.subarray(characters * 3).map(toPrintable)]);
}
