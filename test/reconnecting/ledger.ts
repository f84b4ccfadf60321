import type { FakeSocket } from "./world.js";

/** The probe of the heartbeat, and its answer. */
export const PROBE = "ping";
export const REPLY = "pong";

export interface QueueLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
  readonly overflow: "refuse" | "drop-oldest";
}

/**
 * What must become of each message, as docs/reconnecting.md has it: a model of the send queue that knows only what a test does.
 * Messages are ASCII, each once, so that a character is a byte and a text a message.
 */
export class Ledger {
  readonly #limits: QueueLimits;
  readonly accepted: string[] = [];
  readonly confirmed: string[] = [];
  /** Those that wait, in order. */
  waiting: string[] = [];
  /** What the socket in use was given and is not known to have arrived, probes included. */
  #given: string[] = [];

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** What gives way to a message, or `undefined` where it must be refused. */
  roomFor(message: string, buffered: number): string[] | undefined {
    const { maxQueuedMessages, maxQueuedBytes, overflow } = this.#limits;
    if (message.length + buffered > maxQueuedBytes) return undefined;
    const rest = [...this.waiting];
    while (rest.length >= maxQueuedMessages || bytesOf(rest) + buffered + message.length > maxQueuedBytes) {
      if (overflow === "refuse") return undefined;
      rest.shift();
    }
    return this.waiting.slice(0, this.waiting.length - rest.length);
  }

  /** The socket in use was given `messages`. */
  give(messages: readonly string[]): void {
    this.#given.push(...messages);
  }

  /** Of what a socket was given, as much as may wait is kept, the newest. */
  get #kept(): string[] {
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    let kept = this.#given.slice(-maxQueuedMessages);
    while (bytesOf(kept) > maxQueuedBytes) kept = kept.slice(1);
    return kept;
  }

  /** The server answered the oldest probe: what went before it has arrived. Returns how many bytes came after it. */
  answer(): number | undefined {
    const at = this.#given.indexOf(PROBE);
    if (at === -1) return undefined;
    const isKept = at >= this.#given.length - this.#kept.length;
    const before = isKept ? this.#given.splice(0, at + 1) : this.#given.splice(at, 1);
    this.confirmed.push(...before.filter(isMessage));
    return bytesOf(isKept ? this.#given : this.#given.slice(at));
  }

  /**
   * The connection is over.
   *
   * @param unsent bytes at the end of what it was given that never left
   */
  ended(unsent: number): { readonly uncertain: readonly string[]; readonly omitted: number } {
    const kept = this.#kept;
    const omitted = this.#given.slice(0, this.#given.length - kept.length).filter(isMessage).length;
    let sent = kept.length;
    for (let left = unsent; left > 0 && sent > 0;) left -= kept[--sent]?.length ?? 0;
    this.waiting.unshift(...kept.slice(sent).filter(isMessage));
    this.#given = [];
    return { uncertain: kept.slice(0, sent).filter(isMessage), omitted };
  }
}

function bytesOf(messages: readonly string[]): number {
  return messages.reduce((sum, message) => sum + message.length, 0);
}

function isMessage(message: string): boolean {
  return message !== PROBE;
}

/** Whether a socket may still do something of its own. */
export function isLive({ readyState, closes }: FakeSocket): boolean {
  return readyState < 3 && closes.length === 0;
}
