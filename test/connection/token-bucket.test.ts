import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBucket } from "../../src/connection/token-bucket.js";

describe("a token bucket", () => {
  test("begins full, and is empty when all is taken", () => {
    const bucket = new TokenBucket(10, 20, 0);
    bucket.take(19);
    expect(bucket.isEmpty).toBe(false);
    bucket.take(1);
    expect(bucket.isEmpty).toBe(true);
    expect(bucket.isInDebt).toBe(false);
    bucket.take(1);
    expect(bucket.isInDebt).toBe(true);
  });

  test("says to the millisecond when there is a token again, debt included", () => {
    const bucket = new TokenBucket(10, 1, 0);
    expect(bucket.msUntilToken).toBe(0);
    bucket.take(1);
    expect(bucket.msUntilToken).toBe(100);
    bucket.take(4);
    expect(bucket.msUntilToken).toBe(500);
    bucket.fill(499);
    expect(bucket.isEmpty).toBe(true);
    bucket.fill(500);
    expect(bucket.isEmpty).toBe(false);
  });

  test("saves up no more than its burst", () => {
    const bucket = new TokenBucket(10, 20, 0);
    bucket.fill(3_600_000);
    bucket.take(20);
    expect(bucket.isEmpty).toBe(true);
  });

  test("is credited with time that was not the other side's to use, beyond its burst", () => {
    const bucket = new TokenBucket(10, 20, 0);
    bucket.credit(60_000);
    bucket.fill(61_000);
    bucket.take(619);
    expect(bucket.isEmpty).toBe(false);
    bucket.take(1);
    expect(bucket.isEmpty).toBe(true);
  });

  test("counts no time twice, and none that goes backwards", () => {
    const bucket = new TokenBucket(1_000, 1, 500);
    bucket.take(1);
    for (let i = 0; i < 10; i++) bucket.fill(500.9);
    bucket.fill(100);
    expect(bucket.isEmpty).toBe(true);
    bucket.fill(501);
    expect(bucket.isEmpty).toBe(false);
  });

  test("without an end has no limit", () => {
    const bucket = new TokenBucket(Infinity, Infinity, 0);
    bucket.take(2 ** 53);
    bucket.fill(0);
    bucket.fill(1);
    bucket.credit(2);
    expect(bucket.isEmpty).toBe(false);
    expect(bucket.msUntilToken).toBe(0);
  });

  test("lets through the rate and one burst, exactly, however it is asked", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 40 })));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 997 }),
        fc.integer({ min: 1, max: 30 }),
        steps,
        (perSecond, burst, plan) => {
          const bucket = new TokenBucket(perSecond, burst, 0);
          let [nowMs, taken] = [0, 0];
          for (const [ms, wanted] of plan) {
            nowMs += ms;
            bucket.fill(nowMs);
            for (let i = 0; i < wanted && !bucket.isEmpty; i++, taken++) bucket.take(1);
            expect(taken).toBeLessThanOrEqual(burst + (nowMs * perSecond) / 1_000);
          }
          // What is never idle gets all that it may have.
          const busy = new TokenBucket(perSecond, burst + 1, 0);
          let got = 0;
          for (let ms = 0; ms <= 10_000; ms += busy.msUntilToken) {
            busy.fill(ms);
            for (; !busy.isEmpty; got++) busy.take(1);
          }
          expect(got).toBe(burst + 1 + 10 * perSecond);
        },
      ),
      { numRuns: 50 },
    );
  });
});
