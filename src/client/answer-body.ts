import { Buffer } from "node:buffer";

/** How much of a body is kept. */
const MAX_BODY_BYTES = 64 * 1024;

/** The body of an answer, gathered as it comes. */
export class AnswerBody {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** Whether there is more of it than is kept. */
  get isTooLong(): boolean {
    return this.#size > MAX_BODY_BYTES;
  }

  /** What is kept. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks, Math.min(this.#size, MAX_BODY_BYTES));
  }
}
