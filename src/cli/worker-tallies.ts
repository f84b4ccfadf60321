import cluster, { type Worker } from "node:cluster";
import { CloseCode } from "../protocol/index.js";
import { sumOfCounts, type TallyCounts } from "../observers/index.js";
import { openTallyEnvelope, type TallyEnvelope, type TallyFromWorker, type TallyToWorker } from "./tally-message.js";

/** A worker that takes longer has its event loop blocked: what it has told before stands for it. */
const PATIENCE_MS = 1_000;

/**
 * In the primary: adds up what all workers have counted. What one that is gone has counted stays in the sum, so that no counter goes back;
 * what it had not told yet when it died is lost.
 */
export class WorkerTallies {
  readonly #workers = new Map<number, CountingWorker>();
  #gone: TallyCounts = sumOfCounts([]);
  #asking: Promise<TallyCounts> | undefined;

  /** Listens to the workers that are forked from now on. */
  listen(): void {
    cluster.on("message", (worker, message: unknown) => {
      const told = openTallyEnvelope(message) as TallyFromWorker | undefined;
      if (told !== undefined) this.#onMessage(worker, told);
    });
    // Comes behind the last message, which "exit" may not.
    cluster.on("disconnect", ({ id }) => {
      const worker = this.#workers.get(id);
      if (worker === undefined) return;
      this.#workers.delete(id);
      worker.stopWaiting();
      this.#gone = sumOfCounts([this.#gone, withoutOpen(worker.counts)]);
    });
  }

  #onMessage(worker: Worker, told: TallyFromWorker): void {
    switch (told.kind) {
      case "counted": {
        const known = this.#workers.get(worker.id);
        if (known === undefined) this.#workers.set(worker.id, new CountingWorker(worker, told.counts));
        else known.onCounted(told.counts);
        break;
      }
      case "ask":
        // Whoever asks meanwhile gets the same answer.
        this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
        void this.#asking.then((counts) => tell(worker, { kind: "sum", question: told.question, counts }));
        break;
    }
  }

  async #ask(): Promise<TallyCounts> {
    const patience = setTimeout(() => {
      for (const worker of this.#workers.values()) worker.stopWaiting();
    }, PATIENCE_MS);
    await Promise.all(Array.from(this.#workers.values(), (worker) => worker.count()));
    clearTimeout(patience);
    return sumOfCounts([this.#gone, ...Array.from(this.#workers.values(), ({ counts }) => counts)]);
  }
}

/** A worker, and what it has counted as far as is known. */
class CountingWorker {
  readonly #worker: Worker;
  #counts: TallyCounts;
  #goOn: () => void = ignore;

  constructor(worker: Worker, counts: TallyCounts) {
    this.#worker = worker;
    this.#counts = counts;
  }

  get counts(): TallyCounts {
    return this.#counts;
  }

  onCounted(counts: TallyCounts): void {
    this.#counts = counts;
    this.#goOn();
  }

  /** Asks it; resolves when it has answered, or is waited for no longer. */
  count(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
      tell(this.#worker, { kind: "count" });
    });
  }

  stopWaiting(): void {
    this.#goOn();
  }
}

/** What a worker leaves behind. Connections that it still had are lost, as their peers see: 1006. */
function withoutOpen(counts: TallyCounts): TallyCounts {
  const { open, closes } = counts;
  const lost = String(CloseCode.abnormal);
  return {
    ...counts,
    open: 0,
    queuedBytes: 0,
    closes: open === 0 ? closes : { ...closes, [lost]: (closes[lost] ?? 0) + open },
  };
}

function tell(worker: Worker, message: TallyToWorker): void {
  const envelope: TallyEnvelope<TallyToWorker> = { halyardTally: message };
  if (worker.isConnected()) worker.send(envelope, ignore);
}

function ignore(): void {}
