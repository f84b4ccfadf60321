import type { Message } from "./message.js";

const NOTHING = new Uint8Array(0);

/**
 * The message that a handler of this thread has been given and has not returned from, and the bytes that it has come as. Whoever sends it
 * on meanwhile need not encode it. Of binary messages only borrowed ones are: the bytes of any other may have been changed.
 */
class MessageInHand {
  #message: Message | undefined;
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;

  take(message: Message, bytes: Uint8Array, start: number, end: number): void {
    this.#message = message;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** The handler has returned: other bytes may come to lie there. */
  drop(): void {
    this.#message = undefined;
    this.bytes = NOTHING;
  }

  /** Whether `bytes[start, end)` is what `message` is sent as. It is not where the memory of a borrowed message has been transferred. */
  is(message: Message): boolean {
    return message === this.#message && this.end <= this.bytes.length;
  }
}

export const inHand: MessageInHand = new MessageInHand();
