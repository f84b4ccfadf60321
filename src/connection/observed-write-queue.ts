import { Buffer } from "node:buffer";

import { FIN, Opcode } from "../protocol/index.js";
import type { Observation } from "./observation.js";
import type { ObservedType } from "./observer.js";
import { MOST_SHOWN_BYTES, observedFrame } from "./observed-frame.js";
import type { EncodedMessage } from "./prepared-message.js";
import type { Transport } from "./transport.js";
import { WriteQueue, type WriteQueueOwner, type WriteQueueSetup } from "./write-queue.js";

/** The write queue of a connection that is observed. Observers are told of what is queued already: what they send themselves comes behind it. */
export class ObservedWriteQueue extends WriteQueue {
  readonly #observation: Observation;
  readonly #isMasked: boolean;
  #type: ObservedType = "text";
  #bytes = 0;
  /** Tells observers of the frame that is being gathered. */
  #tell: (() => void) | undefined;

  constructor(socket: Transport, setup: WriteQueueSetup, owner: WriteQueueOwner, observation: Observation) {
    super(socket, setup, owner);
    this.#observation = observation;
    this.#isMasked = setup.maskKeys !== undefined;
  }

  override get observation(): Observation {
    return this.#observation;
  }

  override text(message: string): void {
    this.#tell = () => {
      const length = Buffer.byteLength(message);
      if (this.#observation.seesFrames) this.#show(FIN | Opcode.text, length, Buffer.from(message));
      this.#observation.sent("text", length);
    };
    super.text(message);
  }

  override frame(firstByte: number, payload: Uint8Array): void {
    this.#tell = () => this.#note(firstByte, payload);
    super.frame(firstByte, payload);
  }

  override prepared(message: EncodedMessage): void {
    this.#tell = () => this.#note(message.firstByte, message.payload);
    super.prepared(message);
  }

  /** Tells of it before it may go out: the answer must not be told of first. */
  protected override afterFrame(): void {
    const tell = this.#tell;
    this.#tell = undefined;
    tell?.();
    super.afterFrame();
  }

  /** Nothing passes by its observers. */
  override beginCommon(): undefined {
    return undefined;
  }

  override follow(): boolean {
    return false;
  }

  #note(firstByte: number, payload: Uint8Array): void {
    const opcode = firstByte & 0x0f;
    // An observer that is shown it may send something, which is compressed where this may lie.
    if (this.#observation.seesFrames) this.#show(firstByte, payload.length, payload.slice(0, MOST_SHOWN_BYTES));
    if (opcode >= Opcode.close) return;
    if (opcode !== Opcode.continuation) {
      this.#type = opcode === Opcode.text ? "text" : "binary";
      this.#bytes = 0;
    }
    this.#bytes += payload.length;
    if ((firstByte & FIN) !== 0) this.#observation.sent(this.#type, this.#bytes);
  }

  #show(firstByte: number, payloadLength: number, payload: Uint8Array): void {
    this.#observation.frame(observedFrame("out", firstByte, this.#isMasked, payloadLength, payload));
  }
}
