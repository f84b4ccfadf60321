import { Buffer } from "node:buffer";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { WhenTaken } from "./handle-write.js";
import { TRANSFERRED } from "./message.js";

/** Bytes that a stream is given at once. */
const PIECE_BYTES = 64 * 1024;

/**
 * Writes to a stream that cannot be passed by, piece by piece. A stream counts what it was given until the last byte of it is gone, and one
 * that encrypts holds all of it twice: so one can see how a long message gets on, and it takes no more memory than it has.
 */
export class StreamWriter {
  readonly #stream: Duplex;
  /**
   * Whether the stream has copied what it says is written. Any other duplex may hold on to it, as a stream of Node's that is read
   * later does, so it is given bytes of its own.
   */
  readonly #copies: boolean;
  readonly #whenTaken: WhenTaken;
  readonly #onPieceTaken: WhenTaken = (error) => this.#goOn(error);
  /** What the stream has not been given begins at `#at` of the first. */
  #chunks: readonly Uint8Array[] = [];
  #first = 0;
  #at = 0;
  #bytes = 0;
  /** Pieces that the stream has not called back for. */
  #given = 0;
  #isEnding = false;

  /** @param whenTaken called later, when a piece has been taken, or with an error once one never will be */
  constructor(stream: Duplex, whenTaken: WhenTaken) {
    this.#stream = stream;
    this.#copies = !(stream instanceof Socket);
    this.#whenTaken = whenTaken;
  }

  /** Bytes that have not been taken, given to the stream or not. */
  get untakenBytes(): number {
    return this.#bytes + this.#stream.writableLength;
  }

  /** Has `chunks` written by `giveOn`. What was before is taken. */
  take(chunks: readonly Uint8Array[]): void {
    this.#chunks = chunks;
    this.#first = 0;
    this.#at = 0;
    for (const { length } of chunks) this.#bytes += length;
  }

  /** Ends the stream behind all that it is to be given. */
  end(): void {
    this.#isEnding = true;
    this.giveOn();
  }

  #goOn(error: Error | null | undefined): void {
    this.#given--;
    if (!error) this.giveOn();
    this.#whenTaken(error);
  }

  /** Gives the stream the next piece, and more where it takes that at once. */
  giveOn(): void {
    while (this.#bytes > 0 && this.#isReady()) this.#givePiece();
    if (this.#isEnding && this.#bytes === 0) this.#stream.end();
  }

  #isReady(): boolean {
    return (this.#given === 0 || this.#stream.writableLength === 0) && !this.#stream.destroyed;
  }

  #givePiece(): void {
    let room = PIECE_BYTES;
    this.#given++;
    this.#stream.cork();
    while (room > 0 && this.#bytes > 0) {
      const chunk = this.#chunks[this.#first] as Uint8Array;
      const length = Math.min(room, chunk.length - this.#at);
      if (length <= 0) {
        this.#stream.destroy(new TypeError(TRANSFERRED));
        break;
      }
      const piece = chunk.subarray(this.#at, this.#at + length);
      room -= length;
      this.#bytes -= length;
      this.#at += length;
      if (this.#at === chunk.length) {
        this.#first++;
        this.#at = 0;
      }
      const isLast = room === 0 || this.#bytes === 0;
      this.#stream.write(this.#copies ? Buffer.from(piece) : piece, isLast ? this.#onPieceTaken : undefined);
    }
    if (this.#bytes === 0) this.#chunks = [];
    this.#stream.uncork();
  }
}
