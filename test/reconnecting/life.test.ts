import fc from "fast-check";
import { test } from "vitest";
import { Life, type LifeOptions } from "./life.js";

/** Something that may happen: how often, of what, and what it does. */
type Row<T> = readonly [weight: number, of: fc.Arbitrary<T>, act: (life: Life, value: T) => void | Promise<void>];

const always = fc.constant(undefined);

function row<T>(...cells: Row<T>): Row<unknown> {
  return cells as unknown as Row<unknown>;
}

const rows: Readonly<Record<string, Row<unknown>>> = {
  nextOpening: row(2, fc.constantFrom("late", "fails"), (life, opening) => life.nextOpening(opening)),
  noUrl: row(0.1, always, (life) => life.nextOpening("no-url")),
  arrives: row(2, always, (life) => life.arrives()),
  opens: row(10, always, (life) => life.opens()),
  drops: row(3, fc.constantFrom(1001, 1005, 1006, 1011, 1013, 4000, 4499), (life, code) => life.drops(code)),
  dropsForGood: row(0.3, fc.constantFrom(1000, 1008, 3003, 3999, 4500), (life, code) => life.drops(code)),
  beginsToClose: row(1, always, (life) => life.beginsToClose()),
  says: row(4, fc.stringMatching(/^[a-z]{0,8}$/), (life, text) => life.says(text)),
  answers: row(3, always, (life) => life.answers()),
  strays: row(2, always, (life) => life.strays()),
  flushes: row(6, chance(), (life, share) => life.flushes(share)),
  passes: row(8, fc.oneof(fc.nat(12_000), fc.nat(2_500)), (life, ms) => life.passes(ms)),
  sleeps: row(1, fc.nat(20_000), (life, ms) => life.sleeps(ms)),
  online: row(1, always, (life) => life.tells("online")),
  offline: row(1, always, (life) => life.tells("offline")),
  visible: row(1, always, (life) => life.tells("visible")),
  freeze: row(2, always, (life) => life.tells("freeze")),
  resume: row(2, always, (life) => life.tells("resume")),
  sends: row(12, fc.integer({ min: 1, max: 40 }), (life, length) => life.sends(length)),
  reconnects: row(1, always, (life) => life.reconnects()),
  closes: row(0.3, always, (life) => life.closes()),
  aborts: row(0.1, always, (life) => life.aborts()),
};

/** A part of a whole, and what `Math.random` gives. */
function chance(): fc.Arbitrary<number> {
  return fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
}

const event = fc.oneof(
  ...Object.entries(rows).map(([name, [weight, value]]) => ({
    weight: weight * 10,
    arbitrary: fc.record({ name: fc.constant(name), value, chance: chance() }),
  })),
);

const options: fc.Arbitrary<LifeOptions> = fc.record({
  hasHeartbeat: fc.boolean(),
  maxAttempts: fc.constantFrom(Infinity, Infinity, 4),
  maxQueuedMessages: fc.constantFrom(2, 5, 1_000),
  maxQueuedBytes: fc.constantFrom(60, 10_000),
  overflow: fc.constantFrom("refuse" as const, "drop-oldest" as const),
});

test("a reconnecting socket does what its documentation says, whatever happens in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(options, fc.array(event, { maxLength: 80, size: "max" }), async (limits, events) => {
      const life = new Life(limits);
      for (const { name, value, chance: share } of events) {
        await life.happens(name, share, () => rows[name]?.[2](life, value));
      }
      await life.ends();
    }),
    { numRuns: 150 },
  );
});
