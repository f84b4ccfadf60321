import { describe, expect, it } from "vitest";
import { best, describeRatio, regressions } from "../../bench/src/guard/verdict.js";

describe("the guard", () => {
  it("finds what is worse by more than 15 %", () => {
    const recorded = { one: 0.6, many: 0.2, other: 1 };
    expect(regressions(recorded, { one: 0.68, many: 0.24, other: 0.1 })).toEqual([
      { workload: "many", recorded: 0.2, measured: 0.24 },
    ]);
  });

  it("lets pass what nobody has recorded", () => {
    expect(regressions({}, { one: 9 })).toEqual([]);
  });

  it("keeps the better of two measurements", () => {
    expect(best({ one: 0.7, many: 0.2 }, { one: 0.6, many: 0.3 })).toEqual({ one: 0.6, many: 0.2 });
  });

  it("says how much a ratio changed", () => {
    expect(describeRatio("one", 0.66, 0.6)).toBe("one: 0.660, recorded 0.600 (+10 %)");
    expect(describeRatio("one", 0.54, 0.6)).toBe("one: 0.540, recorded 0.600 (-10 %)");
    expect(describeRatio("one", 0.54, undefined)).toBe("one: 0.540, nothing recorded");
  });
});
