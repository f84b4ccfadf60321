import { describe, expect, test, vi } from "vitest";
import { TimerWheel } from "../../src/connection/index.js";
import { type LivenessOptions, resolveLivenessOptions } from "../../src/connection/liveness-options.js";
import { type Activity, Liveness } from "../../src/connection/liveness.js";
import { FakeClock } from "../support/fake-clock.js";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/** A deadline that runs from something noted by the wheel's clock is late by up to two ticks, and never early. */
const SLACK_MS = 200;

/** Everything off, so that each test turns on what it is about. */
const OFF: LivenessOptions = {
  pingIntervalMs: 0,
  pongTimeoutMs: 0,
  idleTimeoutMs: 0,
  maxLifetimeMs: 0,
  messageTimeoutMs: 0,
  writeTimeoutMs: 0,
};

function watch(options: LivenessOptions) {
  const clock = new FakeClock();
  const timers = new TimerWheel(clock);
  const startMs = clock.nowMs();
  const sinceStart = (): number => clock.nowMs() - startMs;
  const pings: number[] = [];
  const ended: [code: string, atMs: number][] = [];
  const owner = {
    isBusy: false,
    untakenBytes: 0,
    onPingDue: (): void => void pings.push(sinceStart()),
  };
  const activity: Activity = { messageMs: 0, isHeard: false };
  /** Notes what happens, as a connection does, before it is told of it. */
  class Watch extends Liveness {
    override onReceived(length: number, isMessageUnderWay: boolean, isBehind: boolean): void {
      if (length > 0) activity.isHeard = true;
      else activity.messageMs = timers.nowMs;
      super.onReceived(length, isMessageUnderWay, isBehind);
    }

    override onMessage(): void {
      activity.messageMs = timers.nowMs;
      super.onMessage();
    }

    onMessageQueued(): void {
      activity.messageMs = timers.nowMs;
    }

    override get isBusy(): boolean {
      return owner.isBusy;
    }

    override get untakenBytes(): number {
      return owner.untakenBytes;
    }

    protected override onPingDue(): void {
      owner.onPingDue();
    }

    protected override onOverdue(code: string): void {
      ended.push([code, sinceStart()]);
    }
  }
  const liveness = new Watch(resolveLivenessOptions({ ...OFF, ...options }, 2 ** 31 - 1), timers, activity);
  return {
    clock,
    timers,
    owner,
    pings,
    ended,
    liveness,
    /** Bytes come in, of no message that is left unfinished. */
    hear: (length = 10) => liveness.onReceived(length, false, false),
  };
}

function codes({ ended }: { ended: readonly [code: string, atMs: number][] }): string[] {
  return ended.map(([code]) => code);
}

/** Expects that nothing ends before `ms` have passed from now, and that `code` does soon after. */
function expectEnd(it: ReturnType<typeof watch>, code: string, ms: number): void {
  it.clock.advance(ms);
  expect(it.ended).toEqual([]);
  it.clock.advance(SLACK_MS);
  expect(codes(it)).toEqual([code]);
}

describe("a ping", () => {
  test("is due every pingIntervalMs while the peer is heard", () => {
    const { clock, pings, hear } = watch({ pingIntervalMs: 30 * SECOND, pongTimeoutMs: 10 * SECOND });
    for (let i = 0; i < 95; i++) {
      clock.advance(SECOND);
      hear();
    }
    expect(pings).toEqual([30_100, 60_100, 90_100]);
  });

  test("of 0 never is", () => {
    const { clock, pings } = watch({ pingIntervalMs: 0, idleTimeoutMs: 24 * HOUR });
    clock.advance(HOUR);
    expect(pings).toEqual([]);
  });

  test("that is followed by silence for pongTimeoutMs ends the connection", () => {
    const it = watch({ pingIntervalMs: 30 * SECOND, pongTimeoutMs: 10 * SECOND });
    it.clock.advance(30_100);
    expect(it.pings).toHaveLength(1);
    expectEnd(it, "ping-timeout", 9_900);
  });

  test("is answered by whatever is heard after it, also at once", () => {
    const { clock, hear, ended } = watch({ pingIntervalMs: 30 * SECOND, pongTimeoutMs: 10 * SECOND });
    clock.advance(30_100);
    hear(1);
    clock.advance(29 * SECOND);
    expect(ended).toEqual([]);
  });

  test("is not answered by what was heard before it, be it within the same tick", () => {
    const it = watch({ pingIntervalMs: 30 * SECOND, pongTimeoutMs: 10 * SECOND });
    it.clock.advance(30_099);
    it.hear();
    it.clock.advance(1);
    expectEnd(it, "ping-timeout", 9_900);
  });

  test("waits alone for its answer: the next goes out when it has come, or when that would be due", () => {
    const { clock, pings, hear, ended } = watch({ pingIntervalMs: 10 * SECOND, pongTimeoutMs: 25 * SECOND });
    clock.advance(30 * SECOND);
    expect(pings).toEqual([10_100]);
    hear();
    clock.advance(6 * SECOND);
    expect(pings).toEqual([10_100, 35_100]);
    hear();
    clock.advance(10 * SECOND);
    expect(pings).toEqual([10_100, 35_100, 45_100]);
    expect(ended).toEqual([]);
  });

  test("may be answered just before the next is due", () => {
    const { clock, pings, hear, ended } = watch({ pingIntervalMs: 30 * SECOND, pongTimeoutMs: 30 * SECOND });
    clock.advance(60_099);
    hear();
    clock.advance(1);
    expect(pings).toEqual([30_100, 60_100]);
    expect(ended).toEqual([]);
  });

  test("with a pongTimeoutMs of 0 goes out all the same, and nobody is judged by it", () => {
    const { clock, pings, ended } = watch({ pingIntervalMs: 10 * SECOND });
    clock.advance(HOUR);
    expect(pings).toHaveLength(359);
    expect(ended).toEqual([]);
  });
});

describe("a pong that we could not see", () => {
  const options = { pingIntervalMs: 30 * SECOND, pongTimeoutMs: 10 * SECOND };

  test("does not end the connection while what was read waits for a reader of ours", () => {
    const { clock, liveness, ended } = watch(options);
    liveness.onReceived(100, false, true);
    clock.advance(HOUR);
    expect(ended).toEqual([]);
  });

  test("is waited for with the full time from when reading goes on", () => {
    const it = watch(options);
    it.liveness.onReceived(100, false, true);
    it.clock.advance(HOUR);
    it.liveness.onReceived(0, false, false);
    expectEnd(it, "ping-timeout", 10 * SECOND);
  });

  test("has further pings go out meanwhile, which keep the path open", () => {
    const { clock, liveness, pings } = watch(options);
    liveness.onReceived(100, false, true);
    clock.advance(100 * SECOND);
    expect(pings).toEqual([30_100, 60_100, 90_100]);
  });

  test("may stand behind bytes of ours that the kernel still takes", () => {
    const it = watch(options);
    it.owner.untakenBytes = 1_000;
    it.liveness.onStalled();
    for (let i = 0; i < 20; i++) {
      it.clock.advance(5 * SECOND);
      it.owner.untakenBytes--;
    }
    expect(it.ended).toEqual([]);
    it.clock.advance(20 * SECOND);
    expect(codes(it)).toEqual(["ping-timeout"]);
  });

  test("is read first where the process stood still when it came", () => {
    const { clock, hear, ended } = watch(options);
    clock.advance(30_100);
    clock.jump(HOUR);
    expect(ended).toEqual([]);
    hear();
    clock.advance(15 * SECOND);
    expect(ended).toEqual([]);
  });
});

describe("idleTimeoutMs", () => {
  const options = { idleTimeoutMs: 60 * SECOND };

  test("ends a connection on which there was never a message", () => {
    expectEnd(watch(options), "idle-timeout", 60 * SECOND);
  });

  test.each(["onMessage", "onMessageQueued"] as const)("starts anew with every message: %s", (event) => {
    const it = watch(options);
    for (let i = 0; i < 10; i++) {
      it.clock.advance(59_950);
      it.liveness[event]();
    }
    expectEnd(it, "idle-timeout", 60 * SECOND);
  });

  test("does not for what is no message", () => {
    const it = watch({ ...options, pingIntervalMs: 10 * SECOND });
    for (let i = 0; i < 59; i++) {
      it.clock.advance(SECOND);
      it.hear();
    }
    expectEnd(it, "idle-timeout", SECOND);
  });

  test("does not run while a message is being handled", () => {
    const it = watch(options);
    it.owner.isBusy = true;
    it.clock.advance(HOUR);
    expect(it.ended).toEqual([]);
    it.owner.isBusy = false;
    it.liveness.onReceived(0, false, false);
    expectEnd(it, "idle-timeout", 60 * SECOND);
  });

  test("starts anew when somebody comes back for the next message", () => {
    const it = watch(options);
    it.liveness.onMessage();
    it.clock.advance(59 * SECOND);
    it.liveness.onReceived(0, false, false);
    expectEnd(it, "idle-timeout", 60 * SECOND);
  });

  test("does not run while something waits for a reader of ours", () => {
    const { liveness, clock, ended } = watch(options);
    liveness.onReceived(10, false, true);
    clock.advance(HOUR);
    expect(ended).toEqual([]);
  });

  test("does not run while a message comes in, however long it takes", () => {
    const it = watch(options);
    it.liveness.onReceived(10, true, false);
    it.clock.advance(HOUR);
    expect(it.ended).toEqual([]);
    it.liveness.onMessage();
    it.hear();
    expectEnd(it, "idle-timeout", 60 * SECOND);
  });

  test("does not run while a message goes out, however long it takes", () => {
    const it = watch(options);
    it.owner.untakenBytes = 10;
    it.liveness.onStalled();
    it.clock.advance(HOUR);
    it.owner.untakenBytes = 0;
    it.clock.advance(60 * SECOND);
    expect(it.ended).toEqual([]);
    it.clock.advance(61 * SECOND);
    expect(codes(it)).toEqual(["idle-timeout"]);
  });
});

describe("maxLifetimeMs", () => {
  test("ends a connection whatever happens on it", () => {
    const it = watch({ maxLifetimeMs: HOUR, pingIntervalMs: 30 * SECOND, idleTimeoutMs: 60 * SECOND });
    it.owner.isBusy = true;
    for (let i = 0; i < 3_599; i++) {
      it.clock.advance(SECOND);
      it.hear();
      it.liveness.onMessage();
    }
    expectEnd(it, "max-lifetime", SECOND);
  });
});

describe("messageTimeoutMs", () => {
  const options = { messageTimeoutMs: 60 * SECOND };

  test("ends a connection whose peer has begun a message and says no more", () => {
    const it = watch(options);
    it.clock.advance(HOUR);
    it.liveness.onReceived(10, true, false);
    expectEnd(it, "message-timeout", 60 * SECOND);
  });

  test("does so where one byte comes at a time, and between them pings", () => {
    const it = watch(options);
    for (let i = 0; i < 60; i++) {
      it.liveness.onReceived(1, true, false);
      it.clock.advance(SECOND);
      expect(it.ended).toEqual([]);
    }
    it.liveness.onReceived(6, true, false);
    it.clock.advance(SLACK_MS);
    expect(codes(it)).toEqual(["message-timeout"]);
  });

  test("gives each message its own time, also where the next begins in the read that ends the last", () => {
    const it = watch(options);
    for (let i = 0; i < 10; i++) {
      it.liveness.onReceived(10, true, false);
      it.clock.advance(50 * SECOND);
      it.liveness.onMessage();
    }
    expect(it.ended).toEqual([]);
    it.liveness.onReceived(10, true, false);
    expectEnd(it, "message-timeout", 60 * SECOND);
  });

  test("has nothing to say between messages", () => {
    const { liveness, clock, ended } = watch(options);
    liveness.onReceived(10, true, false);
    clock.advance(SECOND);
    liveness.onMessage();
    liveness.onReceived(10, false, false);
    clock.advance(HOUR);
    expect(ended).toEqual([]);
  });

  test("gives a message a second more for each 4,000 bytes that have come, so that a large one may be slow", () => {
    const it = watch(options);
    it.liveness.onReceived(4_000, true, false);
    for (let i = 0; i < 3_600; i++) {
      it.clock.advance(SECOND);
      it.liveness.onReceived(4_000, true, false);
    }
    expect(it.ended).toEqual([]);
    expectEnd(it, "message-timeout", 60 * SECOND);
  });

  test("does not run while what was read waits for a reader of ours", () => {
    const it = watch(options);
    it.liveness.onReceived(10, true, false);
    it.clock.advance(30 * SECOND);
    it.liveness.onReceived(10, true, true);
    it.clock.advance(HOUR);
    it.liveness.onReceived(0, true, false);
    expectEnd(it, "message-timeout", 30 * SECOND);
  });
});

describe("writeTimeoutMs", () => {
  const options = { writeTimeoutMs: 60 * SECOND };

  test("ends a connection whose peer takes nothing of what is queued", () => {
    const it = watch(options);
    it.owner.untakenBytes = 1_000;
    it.liveness.onStalled();
    expectEnd(it, "write-timeout", 60 * SECOND);
  });

  test("does not while it takes something, however little, and does within a quarter more when it stops", () => {
    const it = watch(options);
    it.owner.untakenBytes = 1_000;
    it.liveness.onStalled();
    for (let i = 0; i < 100; i++) {
      it.clock.advance(40 * SECOND);
      it.owner.untakenBytes--;
    }
    expect(it.ended).toEqual([]);
    it.clock.advance(60 * SECOND);
    expect(it.ended).toEqual([]);
    it.clock.advance(15 * SECOND + SLACK_MS);
    expect(codes(it)).toEqual(["write-timeout"]);
  });

  test("takes another write that has to wait for a sign that the one before it has gone", () => {
    const it = watch(options);
    it.owner.untakenBytes = 1_000;
    for (let i = 0; i < 10; i++) {
      it.liveness.onStalled();
      it.clock.advance(50 * SECOND);
    }
    expect(it.ended).toEqual([]);
  });

  test("has nothing to say once all is taken", () => {
    const it = watch(options);
    it.owner.untakenBytes = 1_000;
    it.liveness.onStalled();
    it.clock.advance(50 * SECOND);
    it.owner.untakenBytes = 0;
    it.clock.advance(HOUR);
    expect(it.ended).toEqual([]);
    expect(it.clock.isTicking).toBe(false);
  });

  test("runs while what was read waits for a reader of ours: that is another direction", () => {
    const it = watch(options);
    it.liveness.onReceived(10, false, true);
    it.owner.untakenBytes = 1_000;
    it.liveness.onStalled();
    expectEnd(it, "write-timeout", 60 * SECOND);
  });

  test("of 0 never ends one", () => {
    const it = watch({ writeTimeoutMs: 0, maxLifetimeMs: 24 * HOUR });
    it.owner.untakenBytes = 1_000;
    it.liveness.onStalled();
    it.clock.advance(HOUR);
    expect(it.ended).toEqual([]);
  });
});

describe("a watch", () => {
  test("ends with the first thing that is overdue, and says no more", () => {
    const { clock, ended, pings, liveness } = watch({
      pingIntervalMs: 10 * SECOND,
      idleTimeoutMs: 5 * SECOND,
      messageTimeoutMs: SECOND,
    });
    clock.advance(6 * SECOND);
    expect(codes({ ended })).toEqual(["idle-timeout"]);
    liveness.onReceived(10, true, false);
    clock.advance(HOUR);
    expect(ended).toHaveLength(1);
    expect(pings).toEqual([]);
    expect(clock.isTicking).toBe(false);
  });

  test("that is stopped says nothing", () => {
    const { clock, ended, pings, liveness, owner } = watch({ pingIntervalMs: 10 * SECOND, idleTimeoutMs: 5 * SECOND });
    liveness.stop();
    liveness.onReceived(10, true, false);
    owner.untakenBytes = 10;
    liveness.onStalled();
    clock.advance(HOUR);
    expect([ended, pings]).toEqual([[], []]);
    expect(clock.isTicking).toBe(false);
  });

  test("that is stopped by the ping that it asks for arms nothing more", () => {
    const { clock, owner, liveness } = watch({ pingIntervalMs: 10 * SECOND });
    owner.onPingDue = () => liveness.stop();
    clock.advance(11 * SECOND);
    expect(clock.isTicking).toBe(false);
  });

  test("that has nothing to watch for needs no timer", () => {
    const { clock, liveness } = watch(OFF);
    liveness.onReceived(10, true, false);
    liveness.onMessage();
    expect(clock.starts).toBe(0);
  });

  test("arms no timer for a message, and one at most for a message that comes in several reads", () => {
    const { timers, liveness } = watch({
      pingIntervalMs: 30 * SECOND,
      pongTimeoutMs: 30 * SECOND,
      idleTimeoutMs: 60 * SECOND,
      messageTimeoutMs: 60 * SECOND,
    });
    const arm = vi.spyOn(timers, "arm");
    for (let i = 0; i < 1_000; i++) {
      liveness.onMessage();
      liveness.onMessageQueued();
      liveness.onReceived(100, false, false);
    }
    expect(arm).not.toHaveBeenCalled();
    for (let i = 0; i < 1_000; i++) {
      liveness.onReceived(100, true, false);
      liveness.onMessage();
    }
    expect(arm).not.toHaveBeenCalled();
  });
});
