import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { isUnderNpm, waitForStop } from "../../src/cli/signals.js";

function setUp({ underNpm }: { underNpm: boolean }) {
  const source = new EventEmitter();
  const exits: number[] = [];
  const clock = { nowMs: 5_000 };
  const stopped = waitForStop((exitCode) => exits.push(exitCode), { source, underNpm, nowMs: () => clock.nowMs });
  return { source, exits, clock, stopped };
}

describe.each([{ underNpm: false }, { underNpm: true }])("waitForStop() with %o", (options) => {
  test.each(["SIGINT", "SIGTERM"] as const)("resolves with the first signal, %s, and ends nothing", async (signal) => {
    const { source, exits, stopped } = setUp(options);
    source.emit(signal);
    await expect(stopped).resolves.toBe(signal);
    expect(exits).toEqual([]);
  });

  test("ends at once for the other signal, however soon", () => {
    const { source, exits } = setUp(options);
    source.emit("SIGINT");
    source.emit("SIGTERM");
    expect(exits).toEqual([143]);
  });
});

describe("waitForStop() without npm", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("ends at once for a second %s, however soon, with the status that shells expect", (signal, exitCode) => {
    const { source, exits } = setUp({ underNpm: false });
    source.emit(signal);
    source.emit(signal);
    expect(exits).toEqual([exitCode]);
  });
});

describe("waitForStop() under npm", () => {
  test.each([0, 4, 1000])("takes what npm passes on %i ms later for the same Ctrl-C", (laterMs) => {
    const { source, exits, clock } = setUp({ underNpm: true });
    source.emit("SIGINT");
    clock.nowMs += laterMs;
    source.emit("SIGINT");
    expect(exits).toEqual([]);
  });

  test("takes one echo only: a third signal ends at once, however soon", () => {
    const { source, exits } = setUp({ underNpm: true });
    for (let count = 0; count < 3; count += 1) source.emit("SIGINT");
    expect(exits).toEqual([130]);
  });

  test("takes no echo for the second signal, when it came late", () => {
    const { source, exits, clock } = setUp({ underNpm: true });
    source.emit("SIGTERM");
    clock.nowMs += 1001;
    source.emit("SIGTERM");
    expect(exits).toEqual([143]);
  });
});

test.each([
  [{ npm_lifecycle_event: "start" }, true],
  [{ npm_execpath: "/usr/lib/npm-cli.js" }, true],
  [{ npm_config_cache: "/tmp" }, false],
  [{}, false],
])("isUnderNpm() reads the environment that npm sets: %o", (environment, expected) => {
  expect(isUnderNpm(environment)).toBe(expected);
});
