import type { DrainReport } from "../drain.js";
import type { ResolvedServerCloseOptions } from "../server-close.js";
import type { Publication } from "../topic.js";

/** Several publications in one message: in the order in which they were published. */
interface Publications {
  readonly kind: "publications";
  readonly publications: readonly Publication[];
}

/** What a worker tells the primary. */
export type FromWorker =
  | Publications
  /** It listens. */
  | { readonly kind: "listening"; readonly url: string; readonly port: number }
  /** It cannot, and waits to be ended. `code` is that of a system error. */
  | { readonly kind: "failed"; readonly message: string; readonly code: string | undefined }
  /** It was sent SIGTERM, and asks to be closed. */
  | { readonly kind: "leave" }
  /** It has begun to close, with so many connections. */
  | { readonly kind: "closing"; readonly connections: number; readonly deadlineMs: number }
  /** It has closed them, and ends. */
  | { readonly kind: "closed"; readonly report: DrainReport };

/** What the primary tells a worker. */
export type ToWorker = Publications | { readonly kind: "close"; readonly options: ResolvedServerCloseOptions };

/** A message between processes, under a name of ours: a program may send its own on the same channel. */
export interface Envelope<Message> {
  readonly halyard: Message;
}

/**
 * What is in an envelope of ours, a `FromWorker` or a `ToWorker`; `undefined` for the messages of others. Both ends run the
 * same version of the library, so what has our name has our shape.
 */
export function openEnvelope(received: unknown): unknown {
  return typeof received === "object" && received !== null && "halyard" in received ? received.halyard : undefined;
}
