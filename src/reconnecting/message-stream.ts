import { ReconnectingError } from "./reconnecting-error.js";
import { byteLengthOf, type Received } from "./sendable.js";

type Result<M> = IteratorResult<M, undefined>;

/** The messages for one `for await` loop, kept while its body runs. */
export class MessageStream<M extends Received> implements AsyncIterableIterator<M, undefined> {
  readonly #maxBytes: number;
  readonly #stopped: (stream: MessageStream<M>) => void;
  #messages: M[] = [];
  #bytes = 0;
  readonly #waiters: ((result: Result<M>) => void)[] = [];
  #isOver = false;
  #error: Error | undefined;

  /** @param stopped called when the loop has ended by itself */
  constructor(maxBytes: number, stopped: (stream: MessageStream<M>) => void) {
    this.#maxBytes = maxBytes;
    this.#stopped = stopped;
  }

  push(message: M): void {
    if (this.#isOver) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter({ done: false, value: message });
      return;
    }
    this.#messages.push(message);
    this.#bytes += byteLengthOf(message);
    if (this.#bytes <= this.#maxBytes) return;
    this.#error = new ReconnectingError(
      "reader-too-slow",
      "more than maxUnreadBytes wait for a loop; read faster, or raise it",
    );
    this.#stopped(this);
    this.end();
  }

  /** No more will come; what is here can still be read. */
  end(): void {
    this.#isOver = true;
    for (const settle of this.#waiters.splice(0)) settle({ done: true, value: undefined });
  }

  async next(): Promise<Result<M>> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      this.#bytes -= byteLengthOf(message);
      return { done: false, value: message };
    }
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    if (this.#isOver) return { done: true, value: undefined };
    return await new Promise((settle) => void this.#waiters.push(settle));
  }

  async return(): Promise<Result<M>> {
    this.#messages = [];
    this.#error = undefined;
    this.#stopped(this);
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
