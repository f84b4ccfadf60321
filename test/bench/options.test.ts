import { describe, expect, it } from "vitest";
import { parseOptions } from "../../bench/src/options.js";
import { workloads } from "../../bench/src/workloads.js";

describe("the benchmark's options", () => {
  it("default to every workload and five rounds", () => {
    expect(parseOptions([])).toMatchObject({ isQuick: false, rounds: 5, workloads, jsonFile: undefined });
  });

  it("take rounds, a file and a workload", () => {
    expect(parseOptions(["--quick", "--rounds", "7", "--json", "out.json", "--only", "echo-64B-1"])).toMatchObject({
      isQuick: true,
      rounds: 7,
      jsonFile: "out.json",
      workloads: [{ id: "echo-64B-1" }],
    });
  });

  it.each(["0", "101", "2.5", "1e1", ""])("refuse --rounds %j", (rounds) => {
    expect(() => parseOptions([`--rounds=${rounds}`])).toThrow("--rounds takes 1 to 100");
  });

  it("refuse a workload that is not there, naming those that are", () => {
    expect(() => parseOptions(["--only", "nothing"])).toThrow("--only takes echo-64B-1");
  });

  it("refuse an unknown flag", () => {
    expect(() => parseOptions(["--fast"])).toThrow("--fast");
  });

  it.each([["--quick"], []])("stay within the time they promise: %j", (...argv) => {
    const options = parseOptions(argv);
    if (options === "help") throw new Error("not asked for help");
    const peers = 3;
    const loadMs = options.workloads.length * peers * (options.warmUpMs + options.rounds * options.roundMs);
    expect(loadMs).toBeLessThan(options.isQuick ? 45_000 : 240_000);
  });
});
