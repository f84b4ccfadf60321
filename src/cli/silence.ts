/** Tells when nothing has been heard for so long. */
export class Silence {
  readonly #lengthMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param lengthMs - Milliseconds without a sound. */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Something was heard: the time begins anew. */
  broken(): void {
    this.#timer?.refresh();
  }

  /** Resolves when it has been silent for the whole length, from now on. */
  fallen(): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, this.#lengthMs);
    });
  }
}
