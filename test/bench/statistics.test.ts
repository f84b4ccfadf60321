import { describe, expect, it } from "vitest";
import { median, summarise } from "../../bench/src/statistics.js";

describe("median", () => {
  it.each([
    [[7], 7],
    [[9, 1, 5], 5],
    [[10, 9, 100, 2], 9.5],
    [[100, 20, 3], 20],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("leaves the values in their order", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it("refuses an empty sample", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe("summarise", () => {
  it("gives the median with the extremes", () => {
    expect(summarise([4, 11, 2, 3, 5])).toEqual({ median: 4, min: 2, max: 11 });
  });
});
