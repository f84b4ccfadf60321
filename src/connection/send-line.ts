const READY: Promise<void> = Promise.resolve();

/** One place in the line: it runs when those before it have ended, and calls `release` when its bytes count elsewhere. */
export type Turn = (release: () => void) => Promise<void>;

/** Messages that wait for one that has to be read first (a Blob, a source), each in its turn. */
export class SendLine {
  readonly #onStep: () => void;
  #last: Promise<void> | undefined;
  #bytes = 0;

  /** @param onStep called after each turn */
  constructor(onStep: () => void) {
    this.#onStep = onStep;
  }

  /** Whether nobody stands in line. */
  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** Bytes of the messages in line, as far as they are known. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Has `turn` run after those in line; settles as it does. */
  join(size: number, turn: Turn): Promise<void> {
    this.#bytes += size;
    let owed = size;
    const release = (): void => {
      this.#bytes -= owed;
      owed = 0;
    };
    const done = (this.#last ?? READY).then(() => turn(release)).finally(release);
    const last = done.then(noop, noop);
    this.#last = last;
    void last.then(() => {
      if (this.#last === last) this.#last = undefined;
      this.#onStep();
    });
    return done;
  }

  /** Calls `then` once all who stand in line now have had their turn: at once when nobody does. */
  after(then: () => void): void {
    if (this.#last === undefined) then();
    else void this.#last.then(then);
  }
}

function noop(): void {}
