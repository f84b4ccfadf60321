import { describe, expect, it } from "vitest";
import { cpuOf, rssOf } from "../../bench/src/control/process-usage.js";
import { garbageReport } from "../../bench/src/servers/garbage.js";

describe("what Linux shows of a process", () => {
  it("gives its CPU time, whatever its name", () => {
    const stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 90 0 0 0 150 70 0 0 20 0 1 0 100 1000 200";
    expect(cpuOf(stat)).toEqual({ user: 1_500_000, system: 700_000 });
  });

  it("gives its resident memory", () => {
    expect(rssOf("Name:\tnode\nVmHWM:\t   99 kB\nVmRSS:\t   64 kB\n")).toBe(65_536);
    expect(rssOf("Name:\tzombie\n")).toBeNaN();
  });
});

describe("what V8 shows of its heap", () => {
  const collection = (before: number, after: number, cost: number): Parameters<typeof garbageReport>[0][number] => ({
    cost,
    beforeGC: { heapStatistics: { usedHeapSize: before } },
    afterGC: { heapStatistics: { usedHeapSize: after } },
  });

  it("gives what was allocated between the collections, and how long they took", () => {
    const report = garbageReport([collection(1500, 700, 200), collection(1700, 900, 300)], 1000, 1100);
    expect(report).toEqual({ collections: 2, pauseMs: 0.5, allocatedBytes: 500 + 1000 + 200 });
  });

  it("gives what was allocated without a collection", () => {
    expect(garbageReport([], 1000, 1300)).toEqual({ collections: 0, pauseMs: 0, allocatedBytes: 300 });
  });
});
