const READY: Promise<void> = Promise.resolve();

/** One place in the line: it runs when those before it have ended, and calls `release` when its bytes count elsewhere. */
export type Turn = (release: () => void) => Promise<void>;

/** What a line tells the one that it belongs to. */
export interface SendLineOwner {
  /** A turn has ended. */
  onStep(): void;
}

/** Messages that wait for one that has to be read first (a Blob, a source), each in its turn. */
export class SendLine {
  readonly #owner: SendLineOwner;
  #last: Promise<void> | undefined;
  #bytes = 0;

  constructor(owner: SendLineOwner) {
    this.#owner = owner;
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
      this.#owner.onStep();
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
