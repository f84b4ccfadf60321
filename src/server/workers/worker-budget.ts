import { processBudget, QueuedBytesBudget } from "../../connection/index.js";

/** The budget of one of `count` workers, where none is given: what one process would have is for all of them together. */
export function budgetOfWorker(count: number): QueuedBytesBudget {
  return new QueuedBytesBudget(Math.max(1, Math.floor(processBudget.maxBytes / count)));
}
