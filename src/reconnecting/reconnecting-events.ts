import type { ReconnectingState } from "./reconnecting-state.js";
import type { BinaryType, Received, Sendable } from "./sendable.js";

/** Messages of which it is not known that they have arrived, or known that they have not. */
export interface Loss {
  /**
   * `"uncertain"`: they were on their way when a connection ended, and have arrived or not. `"unsent"`: they waited when the
   * socket was closed for good. `"overflow"`: they gave way to newer ones, with `overflow: "drop-oldest"`.
   */
  readonly kind: "uncertain" | "unsent" | "overflow";
  /** The oldest first. */
  readonly messages: readonly Sendable[];
  /** How many more, older ones are uncertain, too many to be kept. */
  readonly omitted: number;
}

/** What can be listened to. */
export interface ReconnectingEvents<B extends BinaryType = "arraybuffer"> {
  /** The state, each time that it changes. */
  readonly state: ReconnectingState;
  /** Each message. */
  readonly message: Received<B>;
  /** Messages that may be lost, or are. */
  readonly loss: Loss;
}
