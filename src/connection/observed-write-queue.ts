import { Buffer } from "node:buffer";

import { FIN, Opcode } from "../protocol/index.js";
import type { Observation } from "./observation.js";
import type { ObservedType } from "./observer.js";
import type { EncodedMessage } from "./prepared-message.js";
import { WriteQueue, type WriteQueueOwner, type WriteQueueSetup } from "./write-queue.js";

/** The write queue of a connection that is observed. */
export class ObservedWriteQueue extends WriteQueue {
  readonly #observation: Observation;
  #type: ObservedType = "text";
  #bytes = 0;

  constructor(setup: WriteQueueSetup, owner: WriteQueueOwner, observation: Observation) {
    super(setup, owner);
    this.#observation = observation;
  }

  override get observation(): Observation {
    return this.#observation;
  }

  override text(message: string): void {
    super.text(message);
    this.#observation.sent("text", Buffer.byteLength(message));
    if (this.#observation.seesFrames) this.#observation.frame("out", FIN | Opcode.text, Buffer.from(message));
  }

  override frame(firstByte: number, payload: Uint8Array): void {
    this.#note(firstByte, payload);
    super.frame(firstByte, payload);
  }

  override prepared(message: EncodedMessage): void {
    this.#note(message.firstByte, message.payload);
    super.prepared(message);
  }

  #note(firstByte: number, payload: Uint8Array): void {
    const opcode = firstByte & 0x0f;
    if (this.#observation.seesFrames) this.#observation.frame("out", firstByte, payload);
    if (opcode >= Opcode.close) return;
    if (opcode !== Opcode.continuation) {
      this.#type = opcode === Opcode.text ? "text" : "binary";
      this.#bytes = 0;
    }
    this.#bytes += payload.length;
    if ((firstByte & FIN) !== 0) this.#observation.sent(this.#type, this.#bytes);
  }
}
