import { availableParallelism } from "node:os";

import { describeValue } from "../../internal/option-check.js";

/** How many processes serve: a number, or as many as the process may use cores. */
export type WorkerCount = number | "auto";

const MOST_WORKERS = 1024;

/**
 * The number of processes that `workers` stands for; 1 where it is undefined.
 *
 * @throws TypeError or RangeError that names the option, what it got and what it takes.
 */
export function resolveWorkerCount(workers: unknown): number {
  if (workers === undefined) return 1;
  if (workers === "auto") return Math.min(MOST_WORKERS, availableParallelism());
  const message = `option workers got ${describeValue(workers)}; it takes "auto" or an integer from 1 to ${MOST_WORKERS}`;
  if (typeof workers !== "number") throw new TypeError(message);
  if (!Number.isInteger(workers) || workers < 1 || workers > MOST_WORKERS) throw new RangeError(message);
  return workers;
}
