import { describe, expect, it } from "vitest";
import { summarisePeer, type Round } from "../../bench/src/measurement.js";

const round = (messages: number, user: number, system: number): Round => ({
  messages,
  comparedMessages: 1,
  elapsedMs: 2000,
  serverCpu: { user, system },
  generatorCpu: { user: 300_000, system: 700_000 },
  serverRssBytes: 50_000_000,
});

describe("summarisePeer", () => {
  const baseline = [round(100_000, 600_000, 400_000), round(200_000, 600_000, 400_000)];
  const summary = summarisePeer([round(400_000, 600_000, 1_400_000), round(400_000, 400_000, 800_000)], baseline);

  it("gives messages per second", () => {
    expect(summary.messagesPerSecond).toEqual({ median: 200_000, min: 200_000, max: 200_000 });
  });

  it("gives CPU microseconds per message", () => {
    expect(summary.userUsPerMessage).toEqual({ median: 1.25, min: 1, max: 1.5 });
    expect(summary.systemUsPerMessage).toEqual({ median: 2.75, min: 2, max: 3.5 });
    expect(summary.totalUsPerMessage).toEqual({ median: 4, min: 3, max: 5 });
  });

  it("gives the share of one core that server and generator took", () => {
    expect(summary.serverCpuShare).toEqual({ median: 0.8, min: 0.6, max: 1 });
    expect(summary.generatorCpuShare.median).toBe(0.5);
  });

  it("compares each round with the baseline's round next to it", () => {
    expect(summary.rateRatio).toEqual({ median: 3, min: 2, max: 4 });
    expect(summary.cpuRatio).toEqual({ median: 0.55, min: 0.5, max: 0.6 });
  });
});
