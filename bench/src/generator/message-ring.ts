import { randomBytes } from "node:crypto";
import type { EchoWorkload } from "../workloads.js";
import { clientFrame, frameHeader, Opcode, serverFrame } from "./frame.js";

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

  constructor(workload: Pick<EchoWorkload, "payload" | "payloadBytes" | "inFlight">) {
    const opcode = Opcode[workload.payload];
    this.size = Math.max(workload.inFlight, 4);
    const payloads = Array.from({ length: this.size }, () => randomPayload(workload));
    const requests = payloads.map((payload) => clientFrame(opcode, payload, randomBytes(4)));

    this.replies = Buffer.concat(payloads.map((payload) => serverFrame(opcode, payload)));
    this.replyHeaderBytes = frameHeader(opcode, workload.payloadBytes, false).length;
    this.replyBytes = this.replyHeaderBytes + workload.payloadBytes;
    this.#inFlight = workload.inFlight;
    // The start follows the end once more, so that any run of messages lies in one piece.
    this.#requests = Buffer.concat([...requests, ...requests.slice(0, workload.inFlight)]);
    this.#requestBytes = this.#requests.length / (this.size + workload.inFlight);
    this.#views = Array.from({ length: this.size * workload.inFlight });
  }

  /** The bytes of the next `count` messages, between 1 and the workload's `inFlight`. */
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

function randomPayload({ payload, payloadBytes }: Pick<EchoWorkload, "payload" | "payloadBytes">): Uint8Array {
  const bytes = randomBytes(payloadBytes);
  return payload === "text" ? bytes.map(toPrintable) : bytes;
}

function toPrintable(byte: number): number {
  return 0x20 + (byte % 0x5f);
}
