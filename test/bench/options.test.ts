import { describe, expect, it } from "vitest";
import { type BenchOptions, parseOptions } from "../../bench/src/options.js";
import { quickPeerIds, workloads } from "../../bench/src/workloads.js";

function options(...argv: readonly string[]): BenchOptions {
  const parsed = parseOptions(argv);
  if (parsed === "help") throw new Error("not asked for help");
  return parsed;
}

describe("the benchmark's options", () => {
  it("default to every workload, every peer and five rounds", () => {
    expect(options()).toMatchObject({ isQuick: false, rounds: 5, workloads, jsonFile: undefined });
    expect(options().peerIds).toEqual(expect.arrayContaining(["ws", "halyard-handler", "floor", "undici"]));
  });

  it("take rounds, files and a workload", () => {
    const argv = ["--rounds", "7", "--json", "out.json", "--svg", "out.svg", "--only", "echo-64B-1"];
    expect(options(...argv)).toMatchObject({
      rounds: 7,
      jsonFile: "out.json",
      chartFile: "out.svg",
      workloads: [{ id: "echo-64B-1" }],
    });
  });

  it("take several workloads and peers, and the beginnings of names", () => {
    const { workloads: selected, peerIds } = options("--only", "broadcast-5000-,idle", "--peers", "ws,halyard");
    expect(selected.map(({ id }) => id)).toEqual(["broadcast-5000-1", "broadcast-5000-16", "idle"]);
    expect(peerIds).toEqual(["ws", "halyard-handler", "halyard-borrower", "halyard-iterator", "halyard-web"]);
  });

  it.each(["0", "101", "2.5", "1e1", ""])("refuse --rounds %j", (rounds) => {
    expect(() => parseOptions([`--rounds=${rounds}`])).toThrow("--rounds takes 1 to 100");
  });

  it.each([
    ["--only", "nothing", "--only takes echo-64B-1"],
    ["--only", "", "--only takes echo-64B-1"],
    ["--peers", "nobody", "--peers takes ws"],
  ])("refuse %s %j, naming what there is", (flag, value, message) => {
    expect(() => parseOptions([flag, value])).toThrow(message);
  });

  it("refuse an unknown flag", () => {
    expect(() => parseOptions(["--fast"])).toThrow("--fast");
  });

  it("stay within the two minutes that --quick promises", () => {
    const { workloads: selected, rounds, warmUpMs, roundMs } = options("--quick");
    const loadMs = selected.length * quickPeerIds.length * (warmUpMs + rounds * roundMs);
    expect(loadMs).toBeLessThan(110_000);
  });
});

describe("the workloads", () => {
  it("have names of their own", () => {
    expect(new Set(workloads.map(({ id }) => id)).size).toBe(workloads.length);
  });
});
