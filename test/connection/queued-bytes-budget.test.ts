import { totalmem } from "node:os";
import { describe, expect, test } from "vitest";
import { processBudget, QueuedBytesBudget, TimerWheel } from "../../src/connection/index.js";
import type { QueuedBytes } from "../../src/connection/queued-bytes-budget.js";
import { FakeClock } from "../support/fake-clock.js";

function setUp(maxBytes: number) {
  const clock = new FakeClock();
  const budget = new QueuedBytesBudget(maxBytes, new TimerWheel(clock));
  const ended: string[] = [];
  class Peer {
    untakenBytes = 0;
    readonly share: QueuedBytes;
    readonly name: string;
    constructor(name: string) {
      this.name = name;
      this.share = budget.share(this);
    }
    holds(bytes: number): this {
      this.untakenBytes = bytes;
      this.share.set(bytes);
      return this;
    }
    onBudgetExceeded(): void {
      ended.push(this.name);
    }
  }
  return { clock, budget, ended, peer: (name: string) => new Peer(name) };
}

describe("a budget of queued bytes", () => {
  test("adds up what its connections have queued", () => {
    const { budget, peer } = setUp(1_000);
    const [a, b] = [peer("a").holds(300), peer("b").holds(200)];
    expect(budget.usedBytes).toBe(500);
    a.holds(100);
    b.holds(0);
    expect(budget.usedBytes).toBe(100);
    a.share.release();
    a.holds(700);
    expect(budget.usedBytes).toBe(0);
  });

  test("needs no timer up to its limit", () => {
    const { clock, ended, peer } = setUp(1_000);
    peer("a").holds(500);
    peer("b").holds(500);
    expect(clock.starts).toBe(0);
    clock.advance(60_000);
    expect(ended).toEqual([]);
  });

  test("ends nobody for a moment above it", () => {
    const { clock, ended, peer } = setUp(1_000);
    const a = peer("a").holds(1_500);
    clock.advance(1_000);
    a.holds(900);
    clock.advance(60_000);
    expect(ended).toEqual([]);
    expect(clock.isTicking).toBe(false);
  });

  test("above it ends those that stand still for a second, the largest first, until the rest fits", () => {
    const { clock, budget, ended, peer } = setUp(1_000);
    peer("small").holds(100);
    peer("large").holds(600);
    peer("middle").holds(400);
    peer("tiny").holds(1);
    clock.advance(1_099);
    expect(ended).toEqual([]);
    clock.advance(101);
    expect(ended).toEqual(["large"]);
    expect(budget.usedBytes).toBe(501);
    clock.advance(60_000);
    expect(ended).toEqual(["large"]);
  });

  test("spares a large one whose peer reads for small ones whose peers do not", () => {
    const { clock, ended, peer } = setUp(1_000);
    const reading = peer("reading").holds(900);
    for (let i = 0; i < 20; i++) peer(`still ${i}`).holds(10);
    clock.advance(500);
    reading.untakenBytes--;
    clock.advance(700);
    expect(ended).toEqual(Array.from({ length: 10 }, (_, i) => `still ${i}`));
  });

  test("takes a write that is done for a sign that the peer reads, though the next is as long", () => {
    const { clock, ended, peer } = setUp(1_000);
    const reading = peer("reading").holds(900);
    peer("still").holds(101);
    clock.advance(500);
    reading.share.forget();
    clock.advance(700);
    expect(ended).toEqual(["still"]);
  });

  test("ends the largest of those that read, too, when there is nobody else: it is a limit", () => {
    const { clock, ended, peer } = setUp(1_000);
    const peers = [peer("a").holds(400), peer("b").holds(500), peer("c").holds(300)];
    clock.advance(500);
    for (const each of peers) each.untakenBytes--;
    clock.advance(700);
    expect(ended).toEqual(["b"]);
  });

  test("looks again every second while it is exceeded", () => {
    const { clock, ended, peer } = setUp(1_000);
    const flood = peer("flood").holds(2_000);
    clock.advance(1_200);
    expect(ended).toEqual(["flood"]);
    const next = peer("next").holds(2_000);
    clock.advance(2_000);
    expect(ended).toEqual(["flood", "next"]);
    expect([flood.share.bytes, next.share.bytes]).toEqual([0, 0]);
  });

  test("does not call twice for one that an end has ended already", () => {
    const { clock, ended, peer } = setUp(10);
    const second = peer("second").holds(90);
    const first = peer("first").holds(100);
    first.onBudgetExceeded = () => {
      ended.push("first");
      second.share.release();
    };
    clock.advance(2_000);
    expect(ended).toEqual(["first"]);
  });

  test("may be without an end", () => {
    const { clock, peer } = setUp(Infinity);
    peer("a").holds(2 ** 50);
    expect(clock.starts).toBe(0);
  });

  test.each([0, -1, 1.5, Number.NaN])("refuses a limit of %d with a RangeError", (maxBytes) => {
    expect(() => new QueuedBytesBudget(maxBytes)).toThrow(RangeError);
  });

  test("of the process is half of the memory that it may use", () => {
    const constrained = process.constrainedMemory();
    const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
    expect(processBudget.maxBytes).toBe(Math.floor(memory / 2));
  });
});
