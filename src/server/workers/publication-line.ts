import type { Publication } from "../topic.js";
import type { Envelope, FromWorker, ToWorker } from "./worker-message.js";

/** One end of the channel between two processes: `process`, or a worker of `node:cluster`. */
export interface Channel {
  /** Calls back when the kernel has taken the message, or never will. */
  send(message: object, onTaken: () => void): unknown;
}

/** What may wait for the other process, in bytes, about. */
export const MAX_WAITING_BYTES: number = 16 * 1024 * 1024;

/** What a publication costs beside its text. */
const OVERHEAD_BYTES = 64;

/**
 * The way to another process, in order. The publications of one turn of the event loop go out as one message. When the other
 * process does not read, they wait up to a limit; what comes above it is dropped.
 */
export class PublicationLine<Message extends FromWorker | ToWorker> {
  readonly #channel: Channel;
  readonly #maxBytes: number;
  readonly #onDropping: () => void;
  #gathered: Publication[] = [];
  #gatheredBytes = 0;
  /** Gathered, or sent and not yet taken. */
  #waitingBytes = 0;
  #isDropping = false;

  /** @param onDropping - Called for the first publication that is dropped, and again when that begins anew. */
  constructor(channel: Channel, onDropping: () => void, maxBytes: number = MAX_WAITING_BYTES) {
    this.#channel = channel;
    this.#onDropping = onDropping;
    this.#maxBytes = maxBytes;
  }

  /** Sends a message of ours, which is never dropped, behind what was published before. */
  send(message: Message, onTaken: () => void = ignore): void {
    this.#flush();
    this.#post(message, onTaken);
  }

  /** Sends `publication` at the end of this turn, or drops it. One alone may be of any length. */
  publish(publication: Publication): void {
    if (this.#waitingBytes >= this.#maxBytes) {
      if (!this.#isDropping) this.#onDropping();
      this.#isDropping = true;
      return;
    }
    this.#isDropping = false;
    if (this.#gathered.length === 0) setImmediate(this.#flush);
    const bytes = sizeOf(publication);
    this.#gathered.push(publication);
    this.#gatheredBytes += bytes;
    this.#waitingBytes += bytes;
  }

  readonly #flush = (): void => {
    if (this.#gathered.length === 0) return;
    const [publications, bytes] = [this.#gathered, this.#gatheredBytes];
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#post({ kind: "publications", publications }, () => {
      this.#waitingBytes -= bytes;
    });
  };

  #post(message: FromWorker | ToWorker, onTaken: () => void): void {
    const envelope: Envelope<FromWorker | ToWorker> = { halyard: message };
    this.#channel.send(envelope, onTaken);
  }
}

function sizeOf({ topic, message }: Publication): number {
  const bytes = typeof message === "string" ? message.length * 2 : message.length;
  return bytes + topic.length * 2 + OVERHEAD_BYTES;
}

function ignore(): void {}
