import { showFields } from "./shown-event.js";

/** How a WebSocket has ended, as its `close` event says. The web's own, where the runtime has it. */
// oxlint-disable-next-line no-unsafe-declaration-merging -- the class that it sees is an expression with a name of its own
export interface CloseEvent extends Event {
  /** The code that the peer's close frame gave: 1005 for none, 1006 where no close frame came. */
  readonly code: number;
  /** The reason that the peer's close frame gave, `""` for none. */
  readonly reason: string;
  /** Whether both sides have sent their close frames. */
  readonly wasClean: boolean;
}

/** What a `CloseEvent` is made of, beside what every event is made of. */
export interface CloseEventInit {
  /** As of every event; `false` by default. */
  readonly bubbles?: boolean;
  /** As of every event; `false` by default. */
  readonly cancelable?: boolean;
  /** As of every event; `false` by default. */
  readonly composed?: boolean;
  /** Default 0. */
  readonly code?: number;
  /** Default `""`. */
  readonly reason?: string;
  /** Default false. */
  readonly wasClean?: boolean;
}

/** The class of `CloseEvent`. */
export interface CloseEventConstructor {
  /** What all its events inherit from. */
  readonly prototype: CloseEvent;
  new (type: string, init?: CloseEventInit): CloseEvent;
}

/** For runtimes without one of their own: Node 20 and 22. */
// oxlint-disable-next-line no-shadow -- its name is what users see
const OwnCloseEvent = class CloseEvent extends Event {
  readonly #code: number;
  readonly #reason: string;
  readonly #wasClean: boolean;

  constructor(type: string, init: CloseEventInit = {}) {
    super(type, init);
    // WebIDL: unsigned short, modulo 2^16.
    this.#code = (init.code ?? 0) & 0xffff;
    this.#reason = init.reason ?? "";
    this.#wasClean = init.wasClean ?? false;
  }

  get code(): number {
    return this.#code;
  }

  get reason(): string {
    return this.#reason;
  }

  get wasClean(): boolean {
    return this.#wasClean;
  }

  get [Symbol.toStringTag](): string {
    return "CloseEvent";
  }
};

showFields(OwnCloseEvent.prototype, "CloseEvent", ["type", "code", "reason", "wasClean"]);

/** The global `CloseEvent` where there is one, so that `instanceof` holds; else one of the same shape. */
export const CloseEvent: CloseEventConstructor =
  (globalThis as { readonly CloseEvent?: CloseEventConstructor }).CloseEvent ?? OwnCloseEvent;
