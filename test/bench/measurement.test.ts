import { describe, expect, it } from "vitest";
import { summarisePeer, summariseRatios, type LoadRound } from "../../bench/src/measurement.js";

const round = (messages: number, user: number, system: number): LoadRound => ({
  kind: "load",
  messages,
  comparedMessages: 1,
  elapsedMs: 2000,
  testedCpu: { user, system },
  otherCpu: { user: 300_000, system: 700_000 },
  latency: { p50Us: 1, p99Us: 2, p999Us: 3, maxUs: 4 },
  rssBytes: 50_000_000,
  garbage: { collections: 3, pauseMs: 8, allocatedBytes: messages * 100 },
});

const baseline = [round(100_000, 600_000, 400_000), round(200_000, 600_000, 400_000)];
const rounds = [round(400_000, 600_000, 1_400_000), round(400_000, 400_000, 800_000)];

describe("summarisePeer", () => {
  const summary = summarisePeer(rounds);

  it("gives messages per second", () => {
    expect(summary.messagesPerSecond).toEqual({ median: 200_000, min: 200_000, max: 200_000 });
  });

  it("gives CPU microseconds per message", () => {
    expect(summary.userUs).toEqual({ median: 1.25, min: 1, max: 1.5 });
    expect(summary.systemUs).toEqual({ median: 2.75, min: 2, max: 3.5 });
    expect(summary.cpuUs).toEqual({ median: 4, min: 3, max: 5 });
  });

  it("gives the share of one core that both sides took", () => {
    expect(summary.testedShare).toEqual({ median: 0.8, min: 0.6, max: 1 });
    expect(summary.otherShare?.median).toBe(0.5);
  });

  it("gives what a message costs in garbage", () => {
    expect(summary.garbageUs?.median).toBeCloseTo(0.02);
    expect(summary.allocatedBytes?.median).toBe(100);
  });

  it("leaves out what was not measured", () => {
    const { garbage: _, ...native } = round(1000, 1, 1);
    expect(summarisePeer([native])).not.toHaveProperty("garbageUs");
    expect(summarisePeer([{ kind: "idle", bytesPerConnection: 2048, rssBytes: 1 }])).toEqual({
      bytesPerConnection: { median: 2048, min: 2048, max: 2048 },
      rssBytes: { median: 1, min: 1, max: 1 },
    });
  });
});

describe("summariseRatios", () => {
  it("compares each round with the baseline's round next to it", () => {
    const ratios = summariseRatios(rounds, baseline);
    expect(ratios.messagesPerSecond).toEqual({ median: 3, min: 2, max: 4 });
    expect(ratios.cpuUs).toEqual({ median: 0.55, min: 0.5, max: 0.6 });
  });

  it("refuses samples of different sizes", () => {
    expect(() => summariseRatios(rounds, baseline.slice(1))).toThrow(RangeError);
  });
});
