import type { EchoConnection } from "./echo-connection.js";
import { Histogram } from "./histogram.js";

/** Decides when messages leave, and knows when each did. */
export interface Pace {
  readonly latency: Histogram;
  /** Messages that were answered. */
  readonly messages: number;
  /** Sends the first; calls `onSettled` when the last is answered. */
  begin(onSettled: () => void): void;
  /** Replies arrived on a connection. */
  onReplies(connection: EchoConnection, count: number): void;
  /** Sends no more, whatever is unanswered. */
  end(): void;
}

/** A sliding window: each connection keeps `inFlight` messages unanswered for a while. */
export class ClosedLoop implements Pace {
  readonly latency: Histogram = new Histogram();
  messages = 0;
  readonly #connections: readonly EchoConnection[];
  readonly #inFlight: number;
  readonly #durationMs: number;
  /** When the messages of each window left, in the order of sending, which is that of the replies. */
  readonly #sentAt: Float64Array;
  readonly #answered: Uint32Array;
  #unanswered: number;
  #timer: NodeJS.Timeout | undefined;
  #isSending = true;
  #onSettled: () => void = () => {};

  constructor(connections: readonly EchoConnection[], inFlight: number, durationMs: number) {
    this.#connections = connections;
    this.#inFlight = inFlight;
    this.#durationMs = durationMs;
    this.#sentAt = new Float64Array(connections.length * inFlight);
    this.#answered = new Uint32Array(connections.length);
    this.#unanswered = connections.length * inFlight;
  }

  begin(onSettled: () => void): void {
    this.#onSettled = onSettled;
    this.#timer = setTimeout(() => (this.#isSending = false), this.#durationMs);
    this.#sentAt.fill(performance.now());
    for (const connection of this.#connections) connection.send(this.#inFlight);
  }

  onReplies(connection: EchoConnection, count: number): void {
    this.messages += count;
    const now = performance.now();
    const { place } = connection;
    for (let i = 0; i < count; i++) {
      const answered = this.#answered[place] ?? 0;
      const slot = place * this.#inFlight + (answered % this.#inFlight);
      this.latency.add((now - (this.#sentAt[slot] ?? now)) * 1e6);
      // The next message of the window takes the place of the one that is answered.
      this.#sentAt[slot] = now;
      this.#answered[place] = answered + 1;
    }
    if (this.#isSending) return connection.send(count);
    this.#unanswered -= count;
    if (this.#unanswered === 0) this.#onSettled();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#isSending = false;
  }
}

/**
 * Messages at fixed times, whatever became of those before: message j is due at j / rate, on connection j mod N. Latency
 * counts from when it was due, so a server that stalls pays for every message of the stall (no coordinated omission).
 */
export class OpenLoop implements Pace {
  readonly latency: Histogram = new Histogram();
  messages = 0;
  readonly #connections: readonly EchoConnection[];
  readonly #gapMs: number;
  readonly #total: number;
  readonly #answered: Uint32Array;
  #sent = 0;
  #startedAt = 0;
  #turn: NodeJS.Immediate | undefined;
  #onSettled: () => void = () => {};

  constructor(connections: readonly EchoConnection[], rate: number, durationMs: number) {
    this.#connections = connections;
    this.#gapMs = 1000 / rate;
    this.#total = Math.max(1, Math.floor((rate * durationMs) / 1000));
    this.#answered = new Uint32Array(connections.length);
  }

  begin(onSettled: () => void): void {
    this.#onSettled = onSettled;
    this.#startedAt = performance.now();
    this.#sendDue();
  }

  onReplies(connection: EchoConnection, count: number): void {
    const now = performance.now();
    const { place } = connection;
    for (let i = 0; i < count; i++) {
      const answered = this.#answered[place] ?? 0;
      const due = this.#dueAt(answered * this.#connections.length + place);
      this.latency.add((now - due) * 1e6);
      this.#answered[place] = answered + 1;
    }
    this.messages += count;
    if (this.messages === this.#total) this.#onSettled();
  }

  end(): void {
    clearImmediate(this.#turn);
  }

  #dueAt(number: number): number {
    return this.#startedAt + number * this.#gapMs;
  }

  /** A timer knows whole milliseconds only, so every turn looks at the clock. */
  #sendDue(): void {
    const now = performance.now();
    while (this.#sent < this.#total && this.#dueAt(this.#sent) <= now) {
      this.#connections[this.#sent % this.#connections.length]?.send(1);
      this.#sent++;
    }
    if (this.#sent < this.#total) this.#turn = setImmediate(() => this.#sendDue());
  }
}
