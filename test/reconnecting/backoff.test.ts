import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffDelayMs, longDelayMs } from "../../src/reconnecting/backoff.js";

const backoff = { firstDelayMs: 1_000, maxDelayMs: 30_000 };
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("the delay is anything from 0 to a ceiling that doubles, and never above maxDelayMs", () => {
  fc.assert(
    fc.property(fc.nat(5_000), chance, (failures, random) => {
      const delayMs = backoffDelayMs(backoff, failures, random);
      expect(Number.isInteger(delayMs)).toBe(true);
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThan(Math.min(30_000, 1_000 * 2 ** failures));
    }),
  );
  expect([0, 1, 2, 5, 2_000].map((failures) => backoffDelayMs(backoff, failures, 0.5))).toEqual([
    500, 1_000, 2_000, 15_000, 15_000,
  ]);
  expect(backoffDelayMs(backoff, 3, 0)).toBe(0);
});

test("the long delay is the upper half of maxDelayMs", () => {
  expect([0, 0.5, 0.999_999].map((random) => longDelayMs(backoff, random))).toEqual([15_000, 22_500, 29_999]);
});
