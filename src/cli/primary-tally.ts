import type { Tally, TallyCounts } from "../observers/index.js";
import { openTallyEnvelope, type TallyEnvelope, type TallyFromWorker, type TallyToWorker } from "./tally-message.js";

/** The primary answers within a second, unless its event loop is blocked. */
const PATIENCE_MS = 5_000;

/** In a worker: tells the primary what it has counted, and asks it for the sum of all workers. */
export class PrimaryTally {
  readonly #tally: Tally;
  readonly #questions = new Map<number, (counts: TallyCounts) => void>();
  #last = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
    process.on("message", (message: unknown) => {
      const told = openTallyEnvelope(message) as TallyToWorker | undefined;
      if (told?.kind === "count") this.tell();
      else if (told !== undefined) this.#questions.get(told.question)?.(told.counts);
    });
    this.tell();
  }

  /** Tells the primary what has been counted until now. */
  tell(): void {
    send({ kind: "counted", counts: this.#tally.snapshot() });
  }

  /** The sum of what all workers have counted. @throws Error (as a rejection) where the primary does not answer. */
  async sum(): Promise<TallyCounts> {
    const question = ++this.#last;
    let patience: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#questions.set(question, resolve);
        patience = setTimeout(() => reject(new Error("the primary does not answer")), PATIENCE_MS);
        send({ kind: "ask", question });
      });
    } finally {
      clearTimeout(patience);
      this.#questions.delete(question);
    }
  }
}

function send(message: TallyFromWorker): void {
  const envelope: TallyEnvelope<TallyFromWorker> = { halyardTally: message };
  if (process.connected) process.send?.(envelope, undefined, undefined, () => {});
}
