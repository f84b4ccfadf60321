import {
  Audience,
  type BroadcastReport,
  bytesOf,
  type Connection,
  linkOf,
  prepare,
  type WholeMessage,
} from "../connection/index.js";

/** A message on its way to the subscribers of a topic. */
export interface Publication {
  readonly topic: string;
  readonly message: string | Uint8Array;
}

/** What `publish` takes beside the message. */
export interface PublishOptions {
  /** A subscriber that the message is not for: who said it, most often. */
  readonly except?: Connection | undefined;
}

/**
 * Connections that are sent the same messages. With `serve({ workers })` it reaches across the processes: what is published in
 * one of them goes to the subscribers in all.
 */
export interface Topic {
  /** The name that it was asked for by. */
  readonly name: string;
  /** The subscribers in this process. */
  readonly size: number;
  /** Subscribes `connection`, which leaves by itself when it closes. One that has closed is not added. */
  add(connection: Connection): void;
  /** Whether it was subscribed; it is not any more. */
  delete(connection: Connection): boolean;
  /** Whether a connection is subscribed, in this process. */
  has(connection: Connection): boolean;
  /**
   * Sends `message` to every subscriber: at once to those of this process, encoded once, and to those of the other workers by way of the
   * primary. What one process publishes arrives everywhere in that order, but for what a handler's `error` or an observer publishes about
   * a subscriber that is cut off meanwhile: those whose turn has not come get that first.
   *
   * @returns How many subscribers of this process it went to; those of other processes are not waited for.
   * @throws TypeError for what cannot be sent.
   */
  publish(message: WholeMessage, options?: PublishOptions): BroadcastReport;
}

/** All topics of a server, of which only those with subscribers take memory. */
export class Topics {
  readonly #subscribers = new Map<string, Audience>();
  /** What each connection that ever subscribed is in, until it closes. */
  readonly #topicsOf = new Map<Connection, Set<string>>();
  readonly #relay: ((publication: Publication) => void) | undefined;

  /** @param relay - Takes a publication to the other processes, where there are any. */
  constructor(relay?: (publication: Publication) => void) {
    this.#relay = relay;
  }

  /** The topic of this name, with or without subscribers. */
  topic(name: string): Topic {
    if (typeof name !== "string") throw new TypeError("a topic has a name, which is a string");
    return new NamedTopic(this, name);
  }

  /** The topics that have subscribers. */
  get count(): number {
    return this.#subscribers.size;
  }

  /** Those of this process, if there are any. */
  subscribersOf(topic: string): Audience | undefined {
    return this.#subscribers.get(topic);
  }

  add(topic: string, connection: Connection): void {
    if (connection.state === "closed") return;
    this.#topicsOfOpen(connection).add(topic);
    const subscribers = this.#subscribers.get(topic) ?? new Audience();
    subscribers.add(connection);
    this.#subscribers.set(topic, subscribers);
  }

  delete(topic: string, connection: Connection): boolean {
    const subscribers = this.#subscribers.get(topic);
    if (subscribers?.delete(connection) !== true) return false;
    if (subscribers.size === 0) this.#subscribers.delete(topic);
    this.#topicsOf.get(connection)?.delete(topic);
    return true;
  }

  publish(topic: string, message: WholeMessage, except: Connection | undefined): BroadcastReport {
    const whole = typeof message === "string" ? message : bytesOf(message);
    const report = this.#send(topic, whole, except);
    // A copy: it leaves at the end of the turn, and what it was made from may change before.
    this.#relay?.({ topic, message: typeof whole === "string" ? whole : Uint8Array.from(whole) });
    return report;
  }

  /** Sends what another process has published. */
  deliver(publications: readonly Publication[]): void {
    for (const { topic, message } of publications) this.#send(topic, message, undefined);
  }

  #send(topic: string, message: string | Uint8Array, except: Connection | undefined): BroadcastReport {
    return this.#subscribers.get(topic)?.send(prepare(message), except) ?? { sent: 0, skipped: 0, slow: 0 };
  }

  #topicsOfOpen(connection: Connection): Set<string> {
    let topics = this.#topicsOf.get(connection);
    if (topics === undefined) {
      topics = new Set();
      this.#topicsOf.set(connection, topics);
      linkOf(connection)?.whenGone(() => this.#forget(connection));
    }
    return topics;
  }

  #forget(connection: Connection): void {
    const topics = this.#topicsOf.get(connection);
    this.#topicsOf.delete(connection);
    for (const topic of topics ?? []) this.delete(topic, connection);
  }
}

class NamedTopic implements Topic {
  readonly name: string;
  readonly #topics: Topics;

  constructor(topics: Topics, name: string) {
    this.#topics = topics;
    this.name = name;
  }

  get size(): number {
    return this.#topics.subscribersOf(this.name)?.size ?? 0;
  }

  add(connection: Connection): void {
    this.#topics.add(this.name, connection);
  }

  delete(connection: Connection): boolean {
    return this.#topics.delete(this.name, connection);
  }

  has(connection: Connection): boolean {
    return this.#topics.subscribersOf(this.name)?.has(connection) === true;
  }

  publish(message: WholeMessage, { except }: PublishOptions = {}): BroadcastReport {
    return this.#topics.publish(this.name, message, except);
  }
}
