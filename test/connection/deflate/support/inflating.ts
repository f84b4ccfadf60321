import { Inflater, type InflaterOwner, type InflaterSetup } from "../../../../src/connection/deflate/inflater.js";
import { until } from "../../../support/turns.js";

/** An inflater and what it has given out. */
export class Inflating implements InflaterOwner {
  readonly inflater: Inflater;
  readonly messages: Buffer[] = [];
  readonly faults: string[] = [];
  /** Pieces of the message under way, copied as they came. */
  pieces: Buffer[] = [];
  /** The most pieces that are taken before `resume`. */
  room: number = Number.POSITIVE_INFINITY;
  readies = 0;
  /** Called for each piece, once it was noted. */
  onPiece: () => void = () => {};

  constructor(setup: Partial<InflaterSetup> = {}) {
    this.inflater = new Inflater(
      {
        direction: { contextTakeover: true, windowBits: 15 },
        maxMessageBytes: 1 << 20,
        maxSyncBytes: 16 * 1024,
        ...setup,
      },
      this,
    );
  }

  inflated(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    this.pieces.push(Buffer.from(bytes.subarray(start, end)));
    if (isLast) {
      this.messages.push(Buffer.concat(this.pieces));
      this.pieces = [];
    }
    this.onPiece();
    this.room--;
    return this.room > 0;
  }

  inflateFailed(code: string): void {
    this.faults.push(code);
  }

  onInflaterReady(): void {
    this.readies++;
  }

  /** Gives it a message in `pieces`, each when it is ready for it, and waits for what it makes of them. */
  async take(...pieces: readonly Uint8Array[]): Promise<void> {
    for (const [index, piece] of pieces.entries()) {
      const chunk = Buffer.concat([Buffer.of(0xaa), piece, Buffer.of(0xbb)]);
      this.inflater.take(chunk, 1, chunk.length - 1, index === pieces.length - 1);
      chunk.fill(0xee); // it was borrowed
      await until(() => !this.inflater.isBusy);
    }
  }

  /** The messages as text. */
  get texts(): string[] {
    return this.messages.map(String);
  }
}

/** The ways to drive zlib, all under the same tests. */
export const ways: readonly { readonly way: string; readonly setup: Partial<InflaterSetup> }[] = [
  { way: "within the turn", setup: {} },
  { way: "off the event loop", setup: { maxSyncBytes: 0 } },
  { way: "by Node's streams alone", setup: { allowInTurn: false } },
];
