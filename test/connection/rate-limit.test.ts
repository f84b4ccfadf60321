import { describe, expect, test } from "vitest";
import { TimerWheel } from "../../src/connection/index.js";
import {
  type RateLimitOptions,
  resolveRateLimit,
  type ResolvedRateLimit,
} from "../../src/connection/rate-limit-options.js";
import { RateLimit } from "../../src/connection/rate-limit.js";
import { FakeClock } from "../support/fake-clock.js";

function limit(options: RateLimitOptions) {
  const clock = new FakeClock();
  const told: string[] = [];
  const owner = { onTokens: () => void told.push("tokens"), onRateExceeded: () => void told.push("exceeded") };
  const resolved = resolveRateLimit(options) as ResolvedRateLimit;
  const rate = new RateLimit(resolved, new TimerWheel(clock), owner);
  /** Counts messages until the peer has to wait, or is cut off. */
  const countAll = (): number => {
    for (let taken = 0; taken < 10_000; taken++) if (rate.isSpent || !rate.countMessage()) return taken;
    return Infinity;
  };
  return { clock, told, rate, countAll };
}

describe("a rate limit that pauses", () => {
  test("takes a burst, then has the peer wait until a message is due", () => {
    const { clock, told, rate, countAll } = limit({ messagesPerSecond: 10, burstSeconds: 2 });
    expect(countAll()).toBe(20);
    clock.advance(99);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(["tokens"]);
    expect(rate.isSpent).toBe(false);
    expect(countAll()).toBe(1);
  });

  test("takes the rate over a long time, whatever the wheel's tick", () => {
    const { clock, countAll } = limit({ messagesPerSecond: 7, burstSeconds: 1 });
    let taken = countAll();
    for (let i = 0; i < 600; i++) {
      clock.advance(100);
      taken += countAll();
    }
    expect(taken).toBe(7 + 7 * 60);
  });

  test("has a read that brought too many bytes paid off before the next", () => {
    const { clock, rate, told } = limit({ bytesPerSecond: 1_000, burstSeconds: 1 });
    rate.countBytes(11_000);
    expect(rate.isSpent).toBe(true);
    clock.advance(10_000);
    expect(told).toEqual([]);
    clock.advance(100);
    expect(told).toEqual(["tokens"]);
  });

  test("waits for both where both are spent", () => {
    const { clock, rate, told } = limit({ messagesPerSecond: 1, bytesPerSecond: 1_000, burstSeconds: 1 });
    rate.countMessage();
    rate.countBytes(1_500);
    clock.advance(900);
    expect(told).toEqual([]);
    clock.advance(200);
    expect(told).toEqual(["tokens"]);
  });

  test("waits on where more comes in while it waits, as pings do that stood in the same read", () => {
    const { clock, rate, told, countAll } = limit({ messagesPerSecond: 10, burstSeconds: 1 });
    countAll();
    for (let i = 0; i < 10; i++) rate.countMessage();
    clock.advance(1_000);
    expect(told).toEqual([]);
    clock.advance(100);
    expect(told).toEqual(["tokens"]);
  });

  test("takes one burst after a quiet time, and not what was left from before it as well", () => {
    const { clock, rate, countAll } = limit({ messagesPerSecond: 10, burstSeconds: 1 });
    rate.countMessage();
    clock.advance(60_000);
    rate.onRead();
    expect(countAll()).toBe(10);
  });

  test("looks at the clock before it has anybody wait", () => {
    const { clock, rate } = limit({ messagesPerSecond: 10, burstSeconds: 1 });
    for (let i = 0; i < 1_000; i++) {
      rate.countMessage();
      clock.advance(100);
      expect(rate.isSpent).toBe(false);
    }
  });

  test("says nothing once it is stopped", () => {
    const { clock, rate, told, countAll } = limit({ messagesPerSecond: 10, burstSeconds: 1 });
    countAll();
    rate.stop();
    expect(rate.isSpent).toBe(false);
    expect(countAll()).toBe(Infinity);
    rate.countBytes(1e9);
    clock.advance(60_000);
    expect(told).toEqual([]);
  });
});

describe("a rate limit that closes", () => {
  const closing = { whenExceeded: "close", burstSeconds: 1 } as const;

  test("takes a burst to the last message, and not one more", () => {
    const { told, rate, countAll } = limit({ messagesPerSecond: 10, ...closing });
    for (let i = 0; i < 10; i++) expect(rate.countMessage()).toBe(true);
    expect(told).toEqual([]);
    expect(rate.isSpent).toBe(false);
    expect(rate.countMessage()).toBe(false);
    expect(told).toEqual(["exceeded"]);
    expect(countAll()).toBe(Infinity);
    expect(told).toEqual(["exceeded"]);
  });

  test("takes so many bytes to the last, and not one more", () => {
    const { told, rate } = limit({ bytesPerSecond: 1_000, ...closing });
    rate.countBytes(1_000);
    expect(told).toEqual([]);
    rate.countBytes(1);
    expect(told).toEqual(["exceeded"]);
  });

  test("takes the rate for ever", () => {
    const { clock, told, rate } = limit({ messagesPerSecond: 10, bytesPerSecond: 1_000, ...closing });
    for (let i = 0; i < 1_000; i++) {
      clock.advance(1_000);
      rate.onRead();
      for (let j = 0; j < 10; j++) rate.countMessage();
      rate.countBytes(1_000);
    }
    expect(told).toEqual([]);
  });

  test("does not hold against a peer what it sent while we did not read", () => {
    const { clock, told, rate } = limit({ messagesPerSecond: 10, bytesPerSecond: 1_000, ...closing });
    rate.setBehind(true);
    clock.advance(60_000);
    for (let i = 0; i < 600; i++) expect(rate.countMessage()).toBe(true);
    rate.setBehind(false);
    rate.countBytes(61_000);
    expect(told).toEqual([]);
    for (let i = 0; i < 10; i++) expect(rate.countMessage()).toBe(true);
    expect(rate.countMessage()).toBe(false);
  });
});
