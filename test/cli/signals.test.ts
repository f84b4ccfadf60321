import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { waitForStop } from "../../src/cli/signals.js";

function setUp() {
  const source = new EventEmitter();
  const exits: number[] = [];
  const clock = { nowMs: 5_000 };
  const stopped = waitForStop(
    (exitCode) => exits.push(exitCode),
    source,
    () => clock.nowMs,
  );
  return { source, exits, clock, stopped };
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "waitForStop() resolves with the first signal, %s, and ends nothing",
  async (signal) => {
    const { source, exits, stopped } = setUp();
    source.emit(signal);
    await expect(stopped).resolves.toBe(signal);
    expect(exits).toEqual([]);
  },
);

test("waitForStop() takes what npm passes on within milliseconds for the same Ctrl-C", () => {
  const { source, exits, clock } = setUp();
  for (const laterMs of [0, 1, 4, 495]) {
    clock.nowMs += laterMs;
    source.emit("SIGINT");
  }
  expect(exits).toEqual([]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
])("waitForStop() ends at once for a second %s, with the status that shells expect", (signal, exitCode) => {
  const { source, exits, clock } = setUp();
  source.emit("SIGINT");
  clock.nowMs += 501;
  source.emit(signal);
  expect(exits).toEqual([exitCode]);
});
