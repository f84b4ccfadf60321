import { ConnectionError } from "../connection/connection-error.js";
import type { ReceiveOptions, SendOptions } from "../connection/index.js";
import { handled } from "../internal/deferred.js";
import { checkKeys } from "../internal/option-check.js";
import { actionFor, type InvalidPolicy, resolveInvalidPolicy } from "./invalid-policy.js";
import { decodeJson } from "./json-decoder.js";
import { encodeWith } from "./json-encoder.js";
import { anything, checkSchema, type InferInput, type InferOutput, type StandardSchema } from "./standard-schema.js";

/** How late a call may give up: as late as the connection's own. */
const MAX_LATE_MS = 100;

/**
 * What a channel needs of a connection. `Connection` has it; so may anything else that carries messages in order. One that does not
 * know the options fits too: with it they say nothing.
 */
export interface JsonCarrier {
  /** As of `Connection`. */
  readonly needsDrain: boolean;
  /** Sends a text message; resolves when there is room for more. */
  send(message: string, options?: SendOptions): Promise<void>;
  /** Sends a text message; `false` when the caller should wait for `drain`. */
  write(message: string, options?: SendOptions): boolean;
  /** The next message, or `undefined` when there will be no more. */
  receive(options?: ReceiveOptions): Promise<string | Uint8Array | undefined>;
  /** Starts the closing handshake. */
  close(code: number, reason: string): Promise<unknown>;
}

/** How a channel is set up. Every member is optional. */
export interface JsonChannelOptions<Receive extends StandardSchema, Send extends StandardSchema> {
  /** What the peer may send; what is received is what this schema makes of it. By default anything, as `unknown`. */
  readonly receive?: Receive | undefined;
  /** What may be sent; what goes out is what this schema makes of it. By default anything that JSON can hold. */
  readonly send?: Send | undefined;
  /** What becomes of a message that is binary, no JSON, or not what `receive` takes; default `"close"`. */
  readonly onInvalid?: InvalidPolicy | undefined;
}

/**
 * Sends and receives values as JSON over `connection`, validated on the way in and out by any Standard Schema.
 *
 * @throws TypeError or RangeError that names the option which is wrong.
 * @example
 * const chat = jsonChannel(connection, { receive: z.object({ say: z.string() }), send: z.object({ said: z.string() }) });
 * for await (const { say } of chat) await chat.send({ said: say });
 */
export function jsonChannel<
  Receive extends StandardSchema = StandardSchema,
  Send extends StandardSchema = StandardSchema,
>(
  connection: JsonCarrier,
  options: JsonChannelOptions<Receive, Send> = {},
): JsonChannel<InferOutput<Receive>, InferInput<Send>> {
  checkKeys("jsonChannel", options, ["receive", "send", "onInvalid"]);
  const { receive = anything, send = anything } = options;
  checkSchema("option receive", receive);
  checkSchema("option send", send);
  return new JsonChannel(connection, receive, send, resolveInvalidPolicy(options.onInvalid));
}

/** A connection seen as a channel of values. For everything else, closing among it, there is the connection. */
export class JsonChannel<Received, Sent> implements AsyncIterable<Received> {
  readonly #connection: JsonCarrier;
  readonly #receiving: StandardSchema<unknown, Received>;
  readonly #sending: StandardSchema;
  readonly #onInvalid: InvalidPolicy;
  readonly #nowMs: () => number;
  /** Settles when the connection has all values that stand in line, behind one that an asynchronous schema still looks at. */
  #line: Promise<void> | undefined;

  /** Channels are made by `jsonChannel`. */
  constructor(
    connection: JsonCarrier,
    receiving: StandardSchema<unknown, Received>,
    sending: StandardSchema<Sent>,
    onInvalid: InvalidPolicy,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#connection = connection;
    this.#receiving = receiving;
    this.#sending = sending;
    this.#onInvalid = onInvalid;
    this.#nowMs = nowMs;
  }

  /**
   * Sends a value behind those sent before, and resolves when there is room for more, as `Connection.send` does, which gets
   * `options` too. Rejects with its errors. A promise that nobody awaits does not become an unhandled rejection.
   *
   * @throws JsonValueError (a TypeError) before anything is sent, for what the schema does not take or JSON cannot hold; see
   * `encodeJson`. From an asynchronous schema it comes as a rejection.
   */
  send(value: Sent, options?: SendOptions): Promise<void> {
    const text = encodeWith(this.#sending, value);
    if (typeof text === "string" && this.#line === undefined) return this.#connection.send(text, options);
    return this.#standInLine(text, options);
  }

  /**
   * As `send`, without a promise. Returns whether there is room for more, as `Connection.write` does.
   *
   * @throws JsonValueError (a TypeError) as `send`; TypeError where the schema is asynchronous.
   */
  write(value: Sent, options?: SendOptions): boolean {
    const text = encodeWith(this.#sending, value);
    if (typeof text !== "string") {
      text.catch(ignore);
      throw new TypeError("the schema for sending is asynchronous; use send() instead of write()");
    }
    if (this.#line === undefined) return this.#connection.write(text, options);
    void this.#standInLine(text, options);
    return !this.#connection.needsDrain;
  }

  /**
   * The next value, or `undefined` when there will be no more. Call it when the last call has settled. What a message that is
   * not as agreed leads to is up to `onInvalid`. `timeoutMs` and `signal` are those of `Connection.receive`; the time goes on where
   * a message is skipped, so a peer cannot stretch it, however long to skip takes. A message that has come in time is given out, however
   * long its schema takes; one behind others that take longer to skip is kept for the next call.
   *
   * Rejects with JsonMessageError for such a message under `onInvalid: "throw"`, with what the schema itself throws, and
   * with the errors of `Connection.receive`.
   */
  async receive(options?: ReceiveOptions): Promise<Received | undefined> {
    const { value } = await this.#next(options);
    return value;
  }

  /** Every value in order, until the connection closes. Leaving the loop leaves the connection open. */
  [Symbol.asyncIterator](): AsyncIterator<Received, undefined> {
    return {
      next: () => this.#next(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  async #next(options?: ReceiveOptions): Promise<IteratorResult<Received, undefined>> {
    const beganMs = options === undefined ? 0 : this.#nowMs();
    let left = options;
    for (;;) {
      const message = await this.#connection.receive(left);
      if (message === undefined) return { done: true, value: undefined };
      const decoded = await decodeJson(this.#receiving, message);
      if (decoded.error === undefined) return { done: false, value: decoded.value };
      const { error } = decoded;
      switch (await actionFor(this.#onInvalid, error)) {
        case "close":
          void this.#connection.close(error.closeCode, error.code);
          return { done: true, value: undefined };
        case "throw":
          throw error;
        case "skip":
          if (options !== undefined) left = after(this.#nowMs() - beganMs, options);
          break;
      }
    }
  }

  /** Sends `text` when it is there and all that was sent before is on its way. */
  #standInLine(text: string | Promise<string>, options: SendOptions | undefined): Promise<void> {
    const before = this.#line;
    // In an object: the line goes on when the connection has the message, not when it has room for more.
    const turn = Promise.all([text, before]).then(([ready]) => ({ room: this.#connection.send(ready, options) }));
    const line = Promise.allSettled([before, turn]).then(() => {
      if (this.#line === line) this.#line = undefined;
    });
    this.#line = line;
    return handled(turn.then(({ room }) => room));
  }
}

/**
 * `options` for what is left of their time. What has been received is gone through for a while when it is over: no longer, for skipping may
 * take time in which the peer sends more.
 *
 * @throws ConnectionError `receive-timeout` after that while.
 */
function after(elapsedMs: number, options: ReceiveOptions): ReceiveOptions {
  const { timeoutMs } = options;
  if (timeoutMs === undefined) return options;
  if (elapsedMs > timeoutMs + MAX_LATE_MS) throw ConnectionError.receiveTimeout(timeoutMs);
  return { ...options, timeoutMs: Math.max(0, Math.ceil(timeoutMs - elapsedMs)) };
}

function ignore(): void {}
