import { backoffDelayMs, longDelayMs } from "./backoff.js";
import { isHopeless, mayReconnectAfter } from "./close-policy.js";
import type { EnvironmentEvent } from "./environment.js";
import { Link, REPLACED } from "./link.js";
import { call, Listeners } from "./listeners.js";
import { MessageStream } from "./message-stream.js";
import { ReconnectingError } from "./reconnecting-error.js";
import type { Loss, ReconnectingEvents } from "./reconnecting-events.js";
import {
  type ReconnectingOptions,
  resolveOptions,
  type ResolvedOptions,
  type UrlSource,
} from "./reconnecting-options.js";
import type { DropReason, EndReason, ReconnectingState } from "./reconnecting-state.js";
import { SendQueue } from "./send-queue.js";
import { type BinaryType, byteLengthOf, isSendable, type Received, type Sendable, snapshotOf } from "./sendable.js";
import { Vigil } from "./vigil.js";

/**
 * A WebSocket that comes back: after a server's restart, a lost network, a sleep. It begins to connect at once, and goes on
 * until `close()`, the `signal`, or a close code after which nobody should come back.
 *
 * ```ts
 * const socket = new ReconnectingSocket("wss://example.com/chat");
 * socket.on("state", (state) => console.log(state.kind));
 * socket.send("hello");
 * for await (const message of socket) console.log(message);
 * ```
 *
 * Listeners added in the turn in which it was made miss nothing. A message that nobody listens for is dropped.
 */
export class ReconnectingSocket<B extends BinaryType = "arraybuffer"> implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #queue = new SendQueue();
  readonly #listeners = new Listeners<ReconnectingEvents<B>>();
  readonly #streams = new Set<MessageStream<Received<B>>>();
  #tellClosed!: () => void;
  readonly #stopWatching: () => void;
  /** Aborted at the end. */
  readonly #over = new AbortController();
  #state!: ReconnectingState;
  #link: Link | undefined;
  /** The heartbeat's second connection, until it is open. */
  #spare: Link | undefined;
  /** Connections whose place another has taken, in their closing handshake. */
  readonly #retired = new Set<Link>();
  #vigil: Vigil | undefined;
  #cancelTimer: () => void = () => {};
  /** Attempts that have failed since the last connection that lasted, and delays before them: as many, or one more. */
  #failures = 0;
  #delays = 0;
  #openedAtMs = Infinity;
  #frozenAtMs = Infinity;

  /** Fulfilled when the state is `"closed"`. Never rejects. */
  readonly closed: Promise<void> = new Promise((resolve) => (this.#tellClosed = resolve));

  /** @throws TypeError or RangeError for an option that is wrong or does not exist. */
  constructor(url: UrlSource, options: ReconnectingOptions<B> = {}) {
    this.#options = resolveOptions(url, options);
    this.#stopWatching = this.#options.environment.watch((event) => this.#notice(event));
    this.#dial(undefined);
    const { signal } = options;
    const abort = (): void => this.#finish({ kind: "aborted", cause: signal?.reason as unknown });
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, this.#over);
  }

  /** What it does now: the same object until it changes. */
  get state(): ReconnectingState {
    return this.#state;
  }

  /** Bytes that wait: for a connection, or in it. */
  get bufferedBytes(): number {
    return this.#queue.bytes + (this.#link?.bufferedAmount ?? 0);
  }

  /** Messages that wait for a connection. */
  get queuedMessages(): number {
    return this.#queue.length;
  }

  /**
   * Calls `listener` for every change of the state, every message, or every loss.
   *
   * @throws TypeError for another event, or what is no function.
   * @returns a function that takes the listener back.
   */
  on<Name extends keyof ReconnectingEvents<B>>(
    name: Name,
    listener: (value: ReconnectingEvents<B>[Name]) => void,
  ): () => void {
    if (!/^(state|message|loss)$/.test(name) || typeof listener !== "function") {
      throw new TypeError("on takes state, message or loss, and a function");
    }
    return this.#listeners.on(name, listener);
  }

  /** Every message from now on. It ends when the socket is closed; leaving the loop closes nothing. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Received<B>, undefined> {
    const stream = new MessageStream<Received<B>>(this.#options.maxUnreadBytes, (over) => this.#streams.delete(over));
    if (this.#state.kind === "closed") stream.end();
    else this.#streams.add(stream);
    return stream;
  }

  /**
   * Sends now, or once there is a connection, in order. What is sent by a listener of `"open"` goes before what has waited.
   *
   * @returns `"sent"` when a connection took it, which does not say that it arrives; `"queued"` when it waits.
   * @throws ReconnectingError `"queue-full"` where there is no room, `"closed"` after the end; TypeError for what is no message.
   */
  send(message: Sendable): "sent" | "queued" {
    if (!isSendable(message)) throw new TypeError("send takes a string, bytes or a Blob");
    if (this.#state.kind === "closed" || this.#state.kind === "closing") {
      throw new ReconnectingError("closed", "this socket is closed; make another");
    }
    const isSent = this.#link?.canSend === true;
    const dropped = this.#makeRoom(byteLengthOf(message), isSent);
    const own = snapshotOf(message);
    if (isSent) this.#link?.send(own);
    else this.#queue.add(own);
    this.#tellLoss("overflow", dropped); // whoever hears of it may close
    return isSent ? "sent" : "queued";
  }

  /** Connects anew, at once: for a "Reconnect now" button, or after a token has changed. Does nothing once it closes. */
  reconnect(): void {
    if (this.#state.kind === "closed" || this.#state.kind === "closing") return;
    if (this.#state.kind === "waiting") this.#dial(this.#state.reason);
    else this.#link?.end();
  }

  /**
   * Ends it for good. What a connection was given is still sent; what waits for one is told as a loss.
   *
   * @param code 1000, or 3000 to 4999
   * @param reason up to 123 bytes
   * @returns a promise that is fulfilled when it is closed, after `closeTimeoutMs` at the latest.
   */
  close(code = 1000, reason = ""): Promise<void> {
    if (!/^(1000|[34]\d{3})$/.test(String(code))) {
      throw new RangeError(`close takes 1000, or 3000 to 4999; it got ${code}`);
    }
    if (typeof reason !== "string" || byteLengthOf(reason) > 123) {
      throw new RangeError("close takes a reason of up to 123 bytes");
    }
    const link = this.#link;
    if (this.#state.kind === "open" && link !== undefined) {
      this.#vigil?.stop();
      this.#vigil = undefined; // whoever resumes a page now has nothing to doubt
      this.#spare?.end();
      this.#change({ kind: "closing" });
      link.close(code, reason);
    } else if (this.#state.kind !== "closing") this.#finish({ kind: "requested" });
    return this.closed;
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #dial(reason: DropReason | undefined): void {
    this.#cancelTimer();
    this.#link = this.#open(this.#failures + 1);
    this.#change({ kind: "connecting", attempt: this.#failures + 1, reason });
  }

  #open(attempt: number): Link {
    const link: Link = new Link(this.#options, attempt, {
      opened: (url) => this.#opened(link, url),
      received: (message) => this.#received(link, message as Received<B>),
      ended: (reason) => this.#ended(link, reason),
    });
    return link;
  }

  #opened(link: Link, url: string): void {
    const replaced = this.#spare && this.#link;
    this.#spare = undefined;
    this.#link = link;
    if (replaced === undefined) this.#openedAtMs = this.#options.environment.nowMs();
    this.#vigil?.stop();
    this.#vigil = new Vigil(this.#options, link, () => this.#probe(link));
    if (replaced !== undefined) this.#retired.add(replaced);
    this.#change({ kind: "open", url, protocol: link.protocol });
    this.#flush();
    replaced?.close(REPLACED, "replaced"); // what it has to say until its end is still heard
  }

  #probe(link: Link): void {
    const { probe } = this.#options.heartbeat;
    if (probe === undefined) {
      this.#spare?.end();
      this.#spare = this.#open(1);
    } else if (link.canSend) link.send(typeof probe === "function" ? probe() : probe, true);
  }

  #flush(): void {
    while (this.#link?.canSend === true && this.#queue.length > 0) this.#link.send(this.#queue.take());
  }

  #received(link: Link, message: Received<B>): void {
    if (this.#state.kind === "closing") return;
    if (link === this.#link) {
      this.#vigil?.heard();
      this.#spare?.end();
    }
    if (this.#options.heartbeat.isReply(message)) {
      link.confirm();
      return;
    }
    for (const stream of this.#streams) stream.push(message);
    this.#listeners.tell("message", message);
  }

  #ended(link: Link, reason: DropReason): void {
    if (link === this.#link) this.#lost(link, reason);
    else {
      if (link === this.#spare) this.#spare = undefined;
      this.#retired.delete(link);
      this.#settle(link);
      this.#flush();
    }
  }

  #lost(link: Link, reason: DropReason): void {
    const { kind } = this.#state;
    const { environment, stableAfterMs } = this.#options;
    this.#failures++;
    if (environment.nowMs() - this.#openedAtMs >= stableAfterMs) this.#failures = this.#delays = 0;
    this.#openedAtMs = Infinity;
    this.#vigil?.stop();
    this.#vigil = undefined;
    this.#link = undefined;
    if (reason.kind !== "closed") this.#spare?.end();
    this.#settle(link);
    if (this.#state.kind === "closed") return;
    if (kind === "closing") this.#finish({ kind: "requested" });
    else if (this.#spare !== undefined) {
      // An attempt is under way already: where one connection is allowed, a server may close the first as the second comes.
      this.#link = this.#spare;
      this.#spare = undefined;
      this.#change({ kind: "connecting", attempt: 1, reason });
    } else this.#goOn(reason);
  }

  /** What becomes of the messages that a connection was given. */
  #settle(link: Link): void {
    const { unsent, uncertain, omitted } = link.remains;
    this.#queue.putBack(unsent);
    this.#tellLoss("uncertain", uncertain, omitted);
  }

  /** After a connection or an attempt has ended: the end, or another attempt, and when. */
  #goOn(reason: DropReason): void {
    const { maxAttempts, shouldReconnect } = this.#options;
    if (reason.kind === "requested") {
      this.#failures = this.#delays = 0;
      this.#dial(reason);
    } else if (reason.kind === "closed" && !call(() => shouldReconnect(reason), mayReconnectAfter(reason))) {
      this.#finish({ ...reason, kind: "refused" });
    } else if (reason.kind === "connect-failed" && isHopeless(reason.error)) {
      this.#finish({ kind: "invalid", error: reason.error });
    } else if (this.#failures >= maxAttempts) {
      this.#finish({ kind: "gave-up", attempts: this.#failures, last: reason });
    } else if (this.#state.kind !== "closed") this.#wait(reason, this.#delayAfter(reason)); // `shouldReconnect` may close
  }

  #delayAfter(reason: DropReason): number {
    const { environment } = this.#options;
    const delays = this.#delays++;
    const mustWait = reason.kind === "closed" && reason.code === 1013;
    if (mustWait || !environment.isOnline()) return longDelayMs(this.#options, environment.random());
    return backoffDelayMs(this.#options, delays, environment.random());
  }

  #wait(reason: DropReason, delayMs: number): void {
    const { environment } = this.#options;
    this.#cancelTimer();
    this.#cancelTimer = environment.startTimer(() => this.#dial(reason), delayMs);
    const retryAtMs = environment.nowMs() + delayMs;
    const isOnline = environment.isOnline();
    this.#change({ kind: "waiting", attempt: this.#failures + 1, delayMs, retryAtMs, isOnline, reason });
  }

  #notice(event: EnvironmentEvent): void {
    const { environment, sleepThresholdMs } = this.#options;
    if (event === "offline") {
      if (this.#state.kind === "open") this.#link?.end({ kind: "offline" });
      return;
    }
    if (event === "freeze") {
      this.#frozenAtMs = environment.nowMs();
      return;
    }
    const forMs = event === "resume" ? environment.nowMs() - this.#frozenAtMs : 0;
    if (event === "resume") this.#frozenAtMs = Infinity;
    this.#vigil?.doubt(forMs >= sleepThresholdMs ? { kind: "frozen", forMs } : undefined);
    // Somebody is there again: nobody waits longer than before a first attempt. Still spread, as others come back too.
    if (this.#state.kind !== "waiting") return;
    const delayMs = backoffDelayMs(this.#options, 0, environment.random());
    if (environment.nowMs() + delayMs < this.#state.retryAtMs) this.#wait(this.#state.reason, delayMs);
  }

  /** What gives way to a message of so many bytes. One that is sent goes before all that waits, and has only to fit into the socket. */
  #makeRoom(bytes: number, isSent: boolean): readonly Sendable[] {
    const { overflow, maxQueuedBytes, maxQueuedMessages } = this.#options;
    const isTooLong = bytes + (this.#link?.bufferedAmount ?? 0) > maxQueuedBytes;
    const isFull = (): boolean =>
      !isSent && (this.queuedMessages >= maxQueuedMessages || bytes + this.bufferedBytes > maxQueuedBytes);
    if (isTooLong || (overflow === "refuse" && isFull())) {
      throw new ReconnectingError("queue-full", "the queue is full; raise maxQueuedBytes or maxQueuedMessages");
    }
    const dropped: Sendable[] = [];
    while (isFull()) dropped.push(this.#queue.take());
    return dropped;
  }

  #finish(reason: EndReason): void {
    if (this.#state.kind === "closed") return;
    this.#cancelTimer();
    this.#over.abort();
    this.#stopWatching();
    this.#change({ kind: "closed", reason });
    for (const each of [this.#link, this.#spare, ...this.#retired, ...this.#streams]) each?.end();
    this.#streams.clear();
    this.#tellLoss("unsent", this.#queue.takeAll());
    this.#tellClosed();
  }

  #tellLoss(kind: Loss["kind"], messages: readonly Sendable[], omitted = 0): void {
    if (messages.length + omitted > 0) this.#listeners.tell("loss", { kind, messages, omitted });
  }

  #change(state: ReconnectingState): void {
    this.#state = Object.freeze(state);
    this.#listeners.tell("state", state);
  }
}
