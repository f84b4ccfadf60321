import type { LoadReport } from "../control/messages.js";
import type { Histogram } from "./histogram.js";

/** What a stretch of load has done, before its clocks are read. */
export interface Done {
  readonly messages: number;
  readonly comparedMessages: number;
  readonly latency: Histogram;
}

/** Reads the clocks around a stretch of load. */
export async function measured(load: () => Promise<Done>): Promise<LoadReport> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const { latency, ...done } = await load();
  return {
    ...done,
    elapsedMs: performance.now() - startedAt,
    cpu: process.cpuUsage(cpuBefore),
    latency: latency.summary(),
  };
}
