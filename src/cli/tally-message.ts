import type { TallyCounts } from "../observers/index.js";

/** What a worker tells the primary of its counts. */
export type TallyFromWorker =
  | { readonly kind: "counted"; readonly counts: TallyCounts }
  /** Somebody looks inside at this worker, and is to see the sum. */
  | { readonly kind: "ask"; readonly question: number };

/** What the primary tells a worker. */
export type TallyToWorker =
  | { readonly kind: "count" }
  | { readonly kind: "sum"; readonly question: number; readonly counts: TallyCounts };

/** A message under a name of its own, beside those of the library on the same channel. */
export interface TallyEnvelope<Message> {
  readonly halyardTally: Message;
}

/** What is in an envelope of ours; `undefined` for the messages of others. Both ends are the same program. */
export function openTallyEnvelope(received: unknown): unknown {
  return typeof received === "object" && received !== null && "halyardTally" in received
    ? received.halyardTally
    : undefined;
}
