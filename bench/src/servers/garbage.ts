import v8 from "node:v8";
import type { GarbageReport } from "../control/messages.js";

interface CollectionStatistics {
  /** Microseconds. */
  readonly cost: number;
  readonly beforeGC: { readonly heapStatistics: { readonly usedHeapSize: number } };
  readonly afterGC: { readonly heapStatistics: { readonly usedHeapSize: number } };
}

/** Counts what V8 allocates and collects. */
export interface GarbageWatch {
  /** Since the last call. */
  take(): GarbageReport;
}

const nothing: GarbageReport = { collections: 0, pauseMs: 0, allocatedBytes: 0 };

/** Watches V8's collector, which costs something only when it collects. Sees nothing on other engines. */
export function watchGarbage(): GarbageWatch {
  if (typeof v8.GCProfiler !== "function") return { take: () => nothing };
  let profiler = new v8.GCProfiler();
  let usedBefore = v8.getHeapStatistics().used_heap_size;
  profiler.start();
  return {
    take() {
      const collections = (profiler.stop() as unknown as { statistics?: CollectionStatistics[] } | undefined)
        ?.statistics;
      const usedNow = v8.getHeapStatistics().used_heap_size;
      const report = garbageReport(collections ?? [], usedBefore, usedNow);
      profiler = new v8.GCProfiler();
      profiler.start();
      usedBefore = v8.getHeapStatistics().used_heap_size;
      return report;
    },
  };
}

/** What was allocated is how much the heap grew between one collection and the next, summed. */
export function garbageReport(
  collections: readonly CollectionStatistics[],
  usedBefore: number,
  usedNow: number,
): GarbageReport {
  let used = usedBefore;
  let allocatedBytes = 0;
  let costUs = 0;
  for (const { cost, beforeGC, afterGC } of collections) {
    allocatedBytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - used);
    used = afterGC.heapStatistics.usedHeapSize;
    costUs += cost;
  }
  allocatedBytes += Math.max(0, usedNow - used);
  return { collections: collections.length, pauseMs: costUs / 1000, allocatedBytes };
}
