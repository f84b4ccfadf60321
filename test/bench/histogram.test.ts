import { describe, expect, it } from "vitest";
import { Histogram } from "../../bench/src/generator/histogram.js";

function histogramOf(values: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

describe("Histogram", () => {
  it.each([0, 1, 63, 64, 65, 127, 128, 1000, 65_535, 1_000_000, 123_456_789, 3_600_000_000_000])(
    "knows %d ns to 1.6 %",
    (ns) => {
      const us = histogramOf([ns]).quantileUs(0.5);
      expect(Math.abs(us * 1000 - ns)).toBeLessThanOrEqual(ns * 0.016);
    },
  );

  it("gives the percentiles of many values", () => {
    const { p50Us, p99Us, p999Us, maxUs } = histogramOf(
      Array.from({ length: 100_000 }, (_, index) => index * 1000),
    ).summary();
    expect(p50Us / 50_000).toBeCloseTo(1, 1);
    expect(p99Us / 99_000).toBeCloseTo(1, 1);
    expect(p999Us / 99_900).toBeCloseTo(1, 1);
    expect(maxUs).toBe(99_999);
  });

  it("gives no percentile above the greatest value", () => {
    const { p999Us, maxUs } = histogramOf([1_000_001]).summary();
    expect(p999Us).toBeLessThanOrEqual(maxUs);
  });

  it("takes a clock that went backwards for no time at all", () => {
    expect(histogramOf([-5]).quantileUs(0.5)).toBe(0);
  });
});
