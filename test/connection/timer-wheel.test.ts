import { AsyncLocalStorage } from "node:async_hooks";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { processTimers, type TimerOwner, TimerWheel, WheelTimer } from "../../src/connection/index.js";
import { FakeClock } from "../support/fake-clock.js";

const TICK_MS = 100;
/** One turn of the wheel. */
const TURN_MS = 512 * TICK_MS;

function setUp() {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const startMs = clock.nowMs();
  const fired: [name: string, atMs: number][] = [];
  const timer = (name: string, then?: () => void): WheelTimer =>
    new WheelTimer({
      onDue() {
        fired.push([name, clock.nowMs() - startMs]);
        then?.();
      },
    });
  return { clock, wheel, fired, timer };
}

describe("a timer", () => {
  test.each([
    [0, 100],
    [1, 100],
    [99, 100],
    [100, 100],
    [101, 200],
    [30_000, 30_000],
    [TURN_MS - TICK_MS, TURN_MS - TICK_MS],
    [TURN_MS, TURN_MS],
    [TURN_MS + 1, TURN_MS + TICK_MS],
    [3 * TURN_MS, 3 * TURN_MS],
    [24 * 3_600_000, 24 * 3_600_000],
  ])("of %i ms is due after %i ms: at the first tick that is not early", (delayMs, dueMs) => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(timer("it"), delayMs);
    clock.advance(dueMs - 1);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual([["it", dueMs]]);
    clock.advance(2 * TURN_MS);
    expect(fired).toHaveLength(1);
  });

  test("armed between two ticks counts from then, not from the tick before", () => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(timer("first"), 10_000);
    clock.advance(150);
    wheel.arm(timer("second"), 100);
    clock.advance(149);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual([["second", 300]]);
  });

  test("of no end never is", () => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(timer("one"), Number.MAX_SAFE_INTEGER);
    clock.advance(4 * TURN_MS);
    expect(fired).toEqual([]);
  });

  test("can be disarmed, and armed again", () => {
    const { clock, wheel, fired, timer } = setUp();
    const it = timer("it");
    wheel.arm(it, 1_000);
    expect(it.isArmed).toBe(true);
    clock.advance(900);
    wheel.disarm(it);
    expect(it.isArmed).toBe(false);
    wheel.disarm(it);
    clock.advance(2_000);
    expect(fired).toEqual([]);
    wheel.arm(it, 500);
    clock.advance(500);
    expect(fired).toHaveLength(1);
    expect(it.isArmed).toBe(false);
  });

  test("that is armed anew is due at the new time only, be it later or sooner", () => {
    const { clock, wheel, fired, timer } = setUp();
    const [later, sooner] = [timer("later"), timer("sooner")];
    wheel.arm(later, 1_000);
    wheel.arm(sooner, 9_000);
    clock.advance(500);
    wheel.arm(later, 5_000);
    wheel.arm(sooner, 1_000);
    clock.advance(20_000);
    expect(fired).toEqual([
      ["sooner", 1_500],
      ["later", 5_500],
    ]);
  });

  test("fires after those that are due before it, whatever order they were armed in, and none twice", () => {
    const delay = fc.integer({ min: 0, max: 3 * TURN_MS });
    fc.assert(
      fc.property(fc.array(fc.tuple(delay, fc.boolean()), { maxLength: 60 }), (plan) => {
        const { clock, wheel, fired, timer } = setUp();
        const timers = plan.map(([delayMs, isDisarmed], index) => {
          const each = timer(`${index}`);
          wheel.arm(each, delayMs);
          return { each, delayMs, isDisarmed };
        });
        for (const { each, isDisarmed } of timers) if (isDisarmed) wheel.disarm(each);
        clock.advance(4 * TURN_MS);
        const expected = timers
          .map(({ delayMs, isDisarmed }, index) => ({ name: `${index}`, delayMs, isDisarmed }))
          .filter(({ isDisarmed }) => !isDisarmed)
          .map(({ name, delayMs }) => [name, Math.max(1, Math.ceil(delayMs / TICK_MS)) * TICK_MS] as const);
        expect(fired).toEqual(expected.toSorted(([, a], [, b]) => a - b));
      }),
    );
  });
});

describe("a callback", () => {
  test("may arm its own timer again, also for at once: it is due with the next tick", () => {
    const { clock, wheel, fired, timer } = setUp();
    const it: WheelTimer = timer("it", () => {
      if (fired.length < 3) wheel.arm(it, 0);
    });
    wheel.arm(it, 100);
    clock.advance(100);
    expect(fired).toHaveLength(1);
    clock.advance(900);
    expect(fired).toEqual([
      ["it", 100],
      ["it", 200],
      ["it", 300],
    ]);
  });

  test("may arm a timer for a slot that the same tick still has to go through: it is not due a turn too soon", () => {
    const { clock, wheel, fired, timer } = setUp();
    const other = timer("other");
    // Both are found in one late tick, which goes through the slots between them.
    wheel.arm(
      timer("first", () => wheel.arm(other, TURN_MS - 800)),
      100,
    );
    wheel.arm(timer("last"), 900);
    clock.jump(900);
    clock.advance(100);
    expect(fired).toEqual([
      ["first", 1_000],
      ["last", 1_000],
    ]);
    clock.advance(TURN_MS - 900);
    expect(fired).toHaveLength(2);
    clock.advance(200);
    expect(fired).toHaveLength(3);
  });

  test("may disarm any other that is due at the same tick, before or behind it", () => {
    const { clock, wheel, fired, timer } = setUp();
    const timers: WheelTimer[] = [];
    for (let i = 0; i < 5; i++) timers.push(timer(`${i}`, () => timers.forEach((each) => wheel.disarm(each))));
    for (const each of timers) wheel.arm(each, 100);
    clock.advance(1_000);
    expect(fired).toEqual([["0", 100]]);
    expect(clock.isTicking).toBe(false);
  });

  test("may put off another that is due at the same tick", () => {
    const { clock, wheel, fired, timer } = setUp();
    const second = timer("second");
    wheel.arm(
      timer("first", () => wheel.arm(second, 300)),
      100,
    );
    wheel.arm(second, 100);
    clock.advance(1_000);
    expect(fired).toEqual([
      ["first", 100],
      ["second", 400],
    ]);
  });

  test("that throws keeps none of the others from being due", () => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(
      timer("broken", () => {
        throw new Error("oh");
      }),
      100,
    );
    wheel.arm(timer("sound"), 100);
    wheel.arm(timer("later"), 300);
    expect(() => clock.advance(100)).toThrow("oh");
    clock.advance(1_000);
    expect(fired).toEqual([
      ["broken", 100],
      ["sound", 200],
      ["later", 300],
    ]);
    expect(clock.isTicking).toBe(false);
  });
});

describe("the ticker", () => {
  test("runs while a timer is armed, and no longer: one for all", () => {
    const { clock, wheel, timer } = setUp();
    expect(clock.isTicking).toBe(false);
    const [a, b] = [timer("a"), timer("b")];
    wheel.arm(a, 100);
    wheel.arm(b, 10_000);
    expect(clock.starts).toBe(1);
    clock.advance(200);
    expect(clock.isTicking).toBe(true);
    wheel.disarm(b);
    clock.advance(100);
    expect(clock.isTicking).toBe(false);
    wheel.arm(a, 100);
    expect(clock.starts).toBe(2);
  });

  test("is not started anew for each of many timers that come and go", () => {
    const { clock, wheel, timer } = setUp();
    for (let i = 0; i < 100; i++) {
      const it = timer("it");
      wheel.arm(it, 5_000);
      wheel.disarm(it);
    }
    expect(clock.starts).toBe(1);
  });

  test("keeps the process alive as long as one that says so is armed", () => {
    const { clock, wheel, fired } = setUp();
    const vital = (): WheelTimer => new WheelTimer({ onDue: () => void fired.push(["vital", clock.nowMs()]) }, true);
    const [ordinary, a, b] = [new WheelTimer({ onDue() {} }), vital(), vital()];
    wheel.arm(ordinary, 60_000);
    expect(clock.keepsProcessAlive).toBe(false);
    wheel.arm(a, 1_000);
    wheel.arm(a, 2_000);
    wheel.arm(b, 500);
    expect(clock.keepsProcessAlive).toBe(true);
    clock.advance(500);
    expect(clock.keepsProcessAlive).toBe(true);
    wheel.disarm(a);
    wheel.disarm(a);
    expect(clock.keepsProcessAlive).toBe(false);
    wheel.arm(a, 100);
    expect(clock.keepsProcessAlive).toBe(true);
    clock.advance(100);
    expect(clock.keepsProcessAlive).toBe(false);
    expect(fired).toHaveLength(2);
  });

  test("that stops and starts anew keeps the process alive for who needs it", () => {
    const { clock, wheel } = setUp();
    const vital = new WheelTimer({ onDue() {} }, true);
    wheel.arm(vital, 100);
    clock.advance(200);
    expect(clock.isTicking).toBe(false);
    wheel.arm(vital, 100);
    expect(clock.keepsProcessAlive).toBe(true);
    wheel.disarm(vital);
    expect(clock.keepsProcessAlive).toBe(false);
  });

  test("starts with a whole tick ahead of it after a long rest", () => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(timer("first"), 100);
    clock.advance(3_600_000);
    wheel.arm(timer("second"), 1_000);
    clock.advance(999);
    expect(fired).toHaveLength(1);
    clock.advance(1);
    expect(fired[1]).toEqual(["second", 3_601_000]);
  });
});

describe("the wheel's clock", () => {
  test("gives the time as of the last tick, and stands still while nothing is armed", () => {
    const { clock, wheel, timer } = setUp();
    const startMs = wheel.nowMs;
    const it = timer("it");
    wheel.arm(it, 10_000);
    clock.advance(250);
    expect(wheel.nowMs - startMs).toBe(200);
    wheel.disarm(it);
    clock.advance(10_000);
    expect(wheel.nowMs - startMs).toBe(200);
  });

  test("when the process stands still, does so but for a second: nobody is late for what nobody could do", () => {
    const { clock, wheel, fired, timer } = setUp();
    const startMs = wheel.nowMs;
    wheel.arm(timer("it"), 5_000);
    clock.jump(60_000);
    expect(wheel.nowMs - startMs).toBe(1_000);
    clock.advance(3_900);
    expect(fired).toEqual([]);
    clock.advance(100);
    expect(fired).toEqual([["it", 64_000]]);
  });

  test("with a late tick lets what has arrived be read before anybody is judged, and then goes on", () => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(timer("it"), 500);
    clock.jump(600);
    expect(fired).toEqual([]);
    clock.advance(100);
    expect(fired).toEqual([["it", 700]]);
  });

  test("goes on where every tick is late, as on a machine that is overloaded", () => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(timer("it"), 2_000);
    for (let i = 0; i < 6; i++) clock.jump(400);
    expect(fired).toEqual([["it", 2_400]]);
  });

  test("takes no notice of a clock that goes back", () => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(timer("it"), 300);
    clock.advance(200);
    clock.stall(-10_000);
    wheel.arm(timer("other"), 300);
    clock.advance(10_300);
    expect(fired.map(([name]) => name)).toEqual(["it", "other"]);
  });

  test("counts a stop that ends in an arm, which sees it first, no more than any other", () => {
    const { clock, wheel, fired, timer } = setUp();
    wheel.arm(timer("it"), 3_000);
    const startMs = wheel.nowMs;
    clock.stall(60_000);
    wheel.arm(timer("other"), 60_000);
    clock.jump(0);
    expect(wheel.nowMs - startMs).toBe(1_000);
    clock.advance(2_000);
    expect(fired.map(([name]) => name)).toEqual(["it"]);
  });
});

describe("the wheel of the process", () => {
  test("fires by the system's clock, for nobody in particular", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = await new Promise<string | undefined>((resolve) => {
      const owner: TimerOwner = { onDue: () => resolve(storage.getStore()) };
      storage.run("a request", () => processTimers.arm(new WheelTimer(owner), 1));
    });
    expect(seen).toBeUndefined();
  });

  test("keeps no process alive, but for a timer that says so", () => {
    const keptAliveBy = () => process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
    const before = keptAliveBy();
    const [ordinary, vital] = [new WheelTimer({ onDue() {} }), new WheelTimer({ onDue() {} }, true)];
    processTimers.arm(ordinary, 3_600_000);
    expect(keptAliveBy()).toBe(before);
    processTimers.arm(vital, 3_600_000);
    expect(keptAliveBy()).toBe(before + 1);
    processTimers.disarm(vital);
    expect(keptAliveBy()).toBe(before);
    processTimers.disarm(ordinary);
  });
});
