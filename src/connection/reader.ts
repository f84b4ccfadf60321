import { type Deferred, defer, handled } from "../internal/deferred.js";
import { isThenable } from "../internal/thenable.js";
import { ConnectionError } from "./connection-error.js";
import { InboundMessage, type MessageStream } from "./message-stream.js";
import type { Message } from "./message.js";

export type NextMessage = IteratorResult<Message, undefined>;

const NO_MORE: NextMessage = Object.freeze({ done: true, value: undefined });

/** Who waits for messages. Numbers: to compare objects or strings V8 looks into them, which are cold then (0.5 % of the samples of echo-64B-1). */
const Taker = {
  /** Nobody; one message may have been received ahead. */
  nobody: 0,
  /** A `receive` waits for the next one. */
  next: 1,
  /** A `receiveStream` waits for the beginning of the next one. */
  stream: 2,
  /** A handler takes every one. */
  handler: 3,
} as const;
type Taker = (typeof Taker)[keyof typeof Taker];

/** What a reader needs of the connection that it belongs to. */
export interface ReaderOwner {
  /** Receives on, until a message has been delivered or nothing is left. */
  pump(): void;
  /** The same, after this turn. */
  pumpSoon(): void;
  /** Whether no message can come any more. */
  readonly hasEnded: boolean;
  /** Whether the messages that begin from now on, and what is there of one, are to come in pieces. */
  givesPieces: boolean;
  /** The error of a message that the end of the connection has cut. */
  messageCut(): ConnectionError;
  /** Gives a message to the handler; a promise says that the next must wait. */
  handleMessage(message: Message): unknown;
  /** A handler threw or rejected. */
  onHandlerFailure(cause: unknown): void;
}

/** Who takes the messages: nobody yet, `receive` and `for await`, or a handler. */
export class Reader {
  readonly #owner: ReaderOwner;
  #taker: Taker = Taker.nobody;
  #held: Message | undefined;
  /** The message that comes in pieces. */
  #inbound: InboundMessage | undefined;
  #isBusy = false;
  #borrows = false;
  /** There while it is `Taker.next`. */
  #next: Deferred<NextMessage> | undefined;
  /** There while it is `Taker.stream`. */
  #nextStream: Deferred<MessageStream | undefined> | undefined;

  constructor(owner: ReaderOwner) {
    this.#owner = owner;
  }

  /** Whether a further message would find nobody to take it. */
  get isBlocked(): boolean {
    return this.#isBusy || this.#held !== undefined || this.#inbound?.isFull === true;
  }

  /** Whether nobody waits for a message, so that one should not be gathered without bounds. */
  get isIdle(): boolean {
    return this.#taker === Taker.nobody && this.#inbound === undefined;
  }

  /** Whether the messages go to a handler. */
  get hasHandler(): boolean {
    return this.#taker === Taker.handler;
  }

  /** Whether they go to one that does not keep them. */
  get borrows(): boolean {
    return this.#borrows;
  }

  /** Whether it has nothing, and somebody waits for a message, whole. */
  get isAtRest(): boolean {
    const waits = this.#taker === Taker.handler || this.#taker === Taker.next;
    return waits && !this.isBlocked && this.#inbound === undefined;
  }

  /** Gives out a message; returns whether the next may follow at once. */
  deliver(message: Message): boolean {
    if (this.#taker === Taker.handler) return this.#handOver(message);
    if (this.#taker === Taker.nobody) this.#held = message;
    else if (this.#taker === Taker.next) this.#giveNext({ done: false, value: message });
    else this.#giveStream(wholeAsStream(message));
    return false;
  }

  /** Gives who waits for the next message what comes of that. */
  #giveNext(next: NextMessage): void {
    const waiting = this.#next;
    this.#next = undefined;
    this.#taker = Taker.nobody;
    waiting?.resolve(next);
  }

  /** The same for who waits for one as a stream. */
  #giveStream(stream: MessageStream | undefined): void {
    const waiting = this.#nextStream;
    this.#nextStream = undefined;
    this.#taker = Taker.nobody;
    this.#owner.givesPieces = false;
    waiting?.resolve(stream);
  }

  /** A message begins that comes in pieces. */
  begin(isText: boolean): void {
    const inbound = new InboundMessage(isText, () => this.#owner.pump());
    this.#inbound = inbound;
    if (this.#taker === Taker.stream) this.#giveStream(inbound.stream());
  }

  /** Gives out a piece of it; returns whether the next may follow at once. */
  deliverPiece(bytes: Uint8Array, start: number, end: number, isLast: boolean): boolean {
    const inbound = this.#inbound as InboundMessage;
    if (isLast) this.#inbound = undefined;
    return inbound.push(bytes, start, end, isLast);
  }

  /** The next message, as an iterator gives it. */
  next(): Promise<NextMessage> {
    if (!this.#isFree()) return handled(Promise.reject(ConnectionError.alreadyReading()));
    const held = this.#takeHeld();
    if (held !== undefined) return Promise.resolve({ done: false, value: held });
    if (this.#owner.hasEnded) return Promise.resolve(NO_MORE);
    const next = defer<NextMessage>();
    this.#next = next;
    this.#taker = Taker.next;
    this.#owner.pump();
    return next.promise;
  }

  /** The next message as a stream, once its first byte is there. */
  nextStream(): Promise<MessageStream | undefined> {
    if (!this.#isFree()) return handled(Promise.reject(ConnectionError.alreadyReading()));
    const held = this.#takeHeld();
    if (held !== undefined) return Promise.resolve(wholeAsStream(held));
    if (this.#owner.hasEnded) return Promise.resolve(undefined);
    const next = defer<MessageStream | undefined>();
    this.#nextStream = next;
    this.#taker = Taker.stream;
    this.#owner.givesPieces = true;
    this.#owner.pump();
    return next.promise;
  }

  /** Whether a reader may begin: nobody else reads, and a message stream that is under way has been given up. */
  #isFree(): boolean {
    return this.#taker === Taker.nobody && (this.#inbound === undefined || this.#inbound.isCancelled);
  }

  #takeHeld(): Message | undefined {
    if (this.#held === undefined) this.#owner.pump();
    const held = this.#held;
    if (held === undefined) return undefined;
    this.#held = undefined;
    this.#owner.pumpSoon();
    return held;
  }

  /**
   * Has every message from now on given to the handler.
   *
   * @param borrows whether that is done with a binary one when it returns
   * @throws ConnectionError `already-reading`
   */
  handle(borrows: boolean): void {
    if (!this.#isFree()) throw ConnectionError.alreadyReading();
    this.#taker = Taker.handler;
    this.#borrows = borrows;
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
    Promise.resolve(result).then(
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
    this.#endWait();
    const inbound = this.#inbound;
    this.#inbound = undefined;
    inbound?.fail(this.#owner.messageCut());
  }

  /**
   * Has `next`, of `next()` or `nextStream()`, wait no longer: what comes is kept for the next reader.
   *
   * @returns whether it still waited
   */
  release(next: Promise<unknown> | undefined): boolean {
    const waiting = this.#next ?? this.#nextStream;
    if (waiting === undefined || waiting.promise !== next) return false;
    this.#endWait();
    return true;
  }

  /** Tells who waits that nothing comes. */
  #endWait(): void {
    if (this.#taker === Taker.next) this.#giveNext(NO_MORE);
    else if (this.#taker === Taker.stream) this.#giveStream(undefined);
  }

  #settled(): void {
    this.#isBusy = false;
    this.start();
  }
}

/** A message that was received before anybody asked for it, as a stream of one piece. */
function wholeAsStream(message: Message): MessageStream {
  const inbound = new InboundMessage(typeof message === "string", noop);
  inbound.pushWhole(message);
  return inbound.stream();
}

function noop(): void {}
