import { type Deferred, defer, handled } from "../internal/deferred.js";
import { isThenable } from "../internal/thenable.js";
import { ConnectionError } from "./connection-error.js";
import type { Message } from "./message.js";

type NextMessage = IteratorResult<Message, undefined>;

const NO_MORE: NextMessage = Object.freeze({ done: true, value: undefined });

type ReaderState =
  /** Nobody waits; one message may have been received ahead. */
  | { readonly kind: "idle" }
  /** A `receive` waits for the next message. */
  | { readonly kind: "waiting"; readonly next: Deferred<NextMessage> }
  /** A handler takes every message. */
  | { readonly kind: "handler" };

const IDLE: ReaderState = { kind: "idle" };
const HANDLER: ReaderState = { kind: "handler" };

/** What a reader needs of the connection that it belongs to. */
export interface ReaderOwner {
  /** Receives on, until a message has been delivered or nothing is left. */
  pump(): void;
  /** The same, after this turn. */
  pumpSoon(): void;
  /** Whether no message can come any more. */
  readonly hasEnded: boolean;
  /** Gives a message to the handler; a promise says that the next must wait. */
  handleMessage(message: Message): unknown;
  /** A handler threw or rejected. */
  onHandlerFailure(cause: unknown): void;
}

/** Who takes the messages: nobody yet, `receive` and `for await`, or a handler. */
export class Reader {
  readonly #owner: ReaderOwner;
  #state: ReaderState = IDLE;
  #held: Message | undefined;
  #isBusy = false;

  constructor(owner: ReaderOwner) {
    this.#owner = owner;
  }

  /** Whether a further message would find nobody to take it. */
  get isBlocked(): boolean {
    return this.#isBusy || this.#held !== undefined;
  }

  /** Whether the messages go to a handler. */
  get hasHandler(): boolean {
    return this.#state.kind === "handler";
  }

  /** Gives out a message; returns whether the next may follow at once. */
  deliver(message: Message): boolean {
    const state = this.#state;
    switch (state.kind) {
      case "handler":
        return this.#handOver(message);
      case "waiting":
        this.#state = IDLE;
        state.next.resolve({ done: false, value: message });
        return false;
      case "idle":
        this.#held = message;
        return false;
    }
  }

  /** The next message, as an iterator gives it. */
  next(): Promise<NextMessage> {
    if (this.#state.kind !== "idle") return handled(Promise.reject(alreadyReading()));
    if (this.#held === undefined) this.#owner.pump();
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      this.#owner.pumpSoon();
      return Promise.resolve({ done: false, value: held });
    }
    if (this.#owner.hasEnded) return Promise.resolve(NO_MORE);
    const next = defer<NextMessage>();
    this.#state = { kind: "waiting", next };
    this.#owner.pump();
    return next.promise;
  }

  /**
   * Has every message from now on given to the handler.
   *
   * @throws ConnectionError `already-reading`
   */
  handle(): void {
    if (this.#state.kind !== "idle") throw alreadyReading();
    this.#state = HANDLER;
  }

  /** Goes on with what was held while nobody read, once the handler is ready for it. */
  start(): void {
    const held = this.#held;
    if (held !== undefined && !this.#isBusy) {
      this.#held = undefined;
      this.#handOver(held);
    }
    this.#owner.pump();
  }

  /** Has messages wait for `result`, a handler's, if it is a promise; returns whether it is not. */
  await(result: unknown): boolean {
    if (!isThenable(result)) return true;
    this.#isBusy = true;
    result.then(
      () => this.#settled(),
      (cause: unknown) => {
        this.#owner.onHandlerFailure(cause);
        this.#settled();
      },
    );
    return false;
  }

  #handOver(message: Message): boolean {
    try {
      return this.await(this.#owner.handleMessage(message));
    } catch (cause) {
      this.#owner.onHandlerFailure(cause);
      return true;
    }
  }

  /** Drops what is held: the connection is closing by our wish. */
  drop(): void {
    this.#held = undefined;
  }

  /** No message will come any more: who waits is told so. */
  end(): void {
    const state = this.#state;
    if (state.kind !== "waiting") return;
    this.#state = IDLE;
    state.next.resolve(NO_MORE);
  }

  #settled(): void {
    this.#isBusy = false;
    this.start();
  }
}

function alreadyReading(): ConnectionError {
  return new ConnectionError(
    "already-reading",
    "this connection is being read already; use one for-await loop, one receive() at a time, or one handler",
  );
}
