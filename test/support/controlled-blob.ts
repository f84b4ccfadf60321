import { Blob } from "node:buffer";
import { type Deferred, defer } from "../../src/internal/deferred.js";

/** A Blob whose content comes when the test says so, or not at all. */
export class ControlledBlob extends Blob {
  readonly content: Deferred<ArrayBuffer> = defer();

  /** @param size what it says that its content takes */
  constructor(size = 0) {
    super([new Uint8Array(size)]);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.content.promise;
  }

  give(text: string): void {
    this.content.resolve(new TextEncoder().encode(text).buffer);
  }
}
