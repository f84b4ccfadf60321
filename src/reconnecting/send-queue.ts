import { byteLengthOf, type Sendable } from "./sendable.js";

/** The messages that wait for a connection. */
export class SendQueue {
  #messages: Sendable[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#messages.length;
  }

  add(message: Sendable): void {
    this.#messages.push(message);
    this.#bytes += byteLengthOf(message);
  }

  /** The one that has waited longest, taken out; none is there only where `length` is 0. */
  take(): Sendable {
    const message = this.#messages.shift() as Sendable;
    this.#bytes -= byteLengthOf(message);
    return message;
  }

  /** All that wait, taken out. */
  takeAll(): Sendable[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }

  /** What a connection had certainly not sent waits again, at the head of the line. */
  putBack(messages: readonly Sendable[]): void {
    this.#messages = [...messages, ...this.#messages];
    for (const message of messages) this.#bytes += byteLengthOf(message);
  }
}
