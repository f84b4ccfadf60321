import type { LoadReport } from "../control/messages.js";
import { EchoConnection, type ReplySink } from "./echo-connection.js";
import { Histogram } from "./histogram.js";
import type { Load } from "./load.js";
import { MessageRing } from "./message-ring.js";
import type { OpenCommand } from "./settings.js";
import { measured } from "./stretch.js";

interface Publication {
  readonly publishedAt: number;
  missing: number;
}

/** One publisher, and subscribers who count and check what is delivered. A message is outstanding until all of them have it. */
export class BroadcastLoad implements Load, ReplySink {
  readonly #settings: OpenCommand;
  readonly #publisher: EchoConnection;
  readonly #subscribers: readonly EchoConnection[];
  /** How many messages each subscriber has of those that are not complete. */
  readonly #ahead: Uint32Array;
  readonly #outstanding: Publication[] = [];
  #latency = new Histogram();
  #deliveries = 0;
  #isSending = false;
  #onSettled: ((error: Error | undefined) => void) | undefined;
  #failure: Error | undefined;

  constructor(settings: OpenCommand) {
    this.#settings = settings;
    // The same messages for all.
    const messages = new MessageRing(settings);
    this.#publisher = new EchoConnection(messages, this, 0);
    this.#subscribers = Array.from(
      { length: settings.connections },
      (_, place) => new EchoConnection(messages, this, place),
    );
    this.#ahead = new Uint32Array(settings.connections);
  }

  async open(): Promise<void> {
    const { path, subscribe } = this.#settings;
    for (const subscriber of this.#subscribers) await subscriber.open({ ...this.#settings, path: subscribe });
    await this.#publisher.open({ ...this.#settings, path });
  }

  async run(durationMs: number): Promise<LoadReport> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#latency = new Histogram();
    this.#deliveries = 0;
    this.#isSending = true;
    return measured(async () => {
      const timer = setTimeout(() => (this.#isSending = false), durationMs);
      try {
        await new Promise<void>((resolve, reject) => {
          this.#onSettled = (error) => (error === undefined ? resolve() : reject(error));
          this.#publish(this.#settings.inFlight);
        });
      } finally {
        clearTimeout(timer);
        this.#onSettled = undefined;
      }
      const comparedMessages = this.#subscribers.reduce((sum, subscriber) => sum + subscriber.compared, 0);
      return { messages: this.#deliveries, comparedMessages, latency: this.#latency };
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#publisher, ...this.#subscribers].map((connection) => connection.close()));
  }

  onReplies({ place }: EchoConnection, count: number): void {
    this.#deliveries += count;
    for (let i = 0; i < count; i++) {
      const publication = this.#outstanding[this.#ahead[place] ?? 0];
      if (publication === undefined)
        return this.onFailure(new Error("a message was delivered twice, or never published"));
      publication.missing--;
      this.#ahead[place] = (this.#ahead[place] ?? 0) + 1;
    }
    this.#complete();
  }

  onFailure(error: Error): void {
    this.#failure ??= error;
    this.#onSettled?.(error);
  }

  #publish(count: number): void {
    const publishedAt = performance.now();
    for (let i = 0; i < count; i++) this.#outstanding.push({ publishedAt, missing: this.#subscribers.length });
    this.#publisher.send(count);
  }

  /** Messages reach each subscriber in order, so they are complete in order. */
  #complete(): void {
    let complete = 0;
    while (this.#outstanding[0]?.missing === 0) {
      this.#latency.add((performance.now() - this.#outstanding[0].publishedAt) * 1e6);
      this.#outstanding.shift();
      complete++;
    }
    if (complete === 0) return;
    for (const [place, ahead] of this.#ahead.entries()) this.#ahead[place] = ahead - complete;
    if (this.#isSending) this.#publish(complete);
    else if (this.#outstanding.length === 0) this.#onSettled?.(undefined);
  }
}
