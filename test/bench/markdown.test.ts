import { describe, expect, it } from "vitest";
import type { Round } from "../../bench/src/measurement.js";
import type { Peer } from "../../bench/src/peers.js";
import { toMarkdown } from "../../bench/src/report/markdown.js";
import { workloadResults, type BenchResults } from "../../bench/src/report/results.js";
import { workloads } from "../../bench/src/workloads.js";

const peers: readonly Peer[] = [
  { id: "ws", title: "ws", program: "ws", programArguments: [] },
  { id: "fast", title: "Fast", program: "fast", programArguments: [] },
];

/** A second in which the server was busy for `busyMs`. */
const round = (messages: number, busyMs: number): Round => ({
  messages,
  comparedMessages: 1,
  elapsedMs: 1000,
  serverCpu: { user: busyMs * 400, system: busyMs * 600 },
  generatorCpu: { user: 100_000, system: 400_000 },
  serverRssBytes: 2 ** 26,
});

function report(...busyMs: readonly [number, number]): string {
  const rounds = new Map([
    ["ws", [round(100_000, busyMs[0])]],
    ["fast", [round(200_000, busyMs[1])]],
  ]);
  const results: BenchResults = {
    startedAt: "2026-01-01T00:00:00.000Z",
    machine: { cpu: "Some CPU", cores: 2, memoryBytes: 8 * 2 ** 30, system: "linux 6 x64", node: "v20.19.0" },
    pinning: "processes are not pinned: there is only one core",
    rounds: 1,
    roundMs: 1000,
    workloads: [workloadResults(workloads[0]!, peers, rounds)],
  };
  return toMarkdown(results);
}

describe("the report", () => {
  it("begins with the machine, the pinning and the rounds", () => {
    const [machine, pinning, rounds] = report(1000, 1000).split("\n");
    expect(machine).toBe("- 2 cores of Some CPU, 8 GiB, linux 6 x64, Node v20.19.0");
    expect(pinning).toBe("- processes are not pinned: there is only one core");
    expect(rounds).toBe("- median (min to max) of 1 rounds of 1 s, after a warm-up");
  });

  it("gives a row of figures for each peer", () => {
    const rows = report(1000, 800).split("\n").slice(-2);
    expect(rows).toEqual([
      "| ws | 100,000 | 10.00 | 4.00 | 6.00 | 1.00 | 1.00 | 100 % | 50 % |",
      "| Fast | 200,000 | 4.00 | 1.60 | 2.40 | 2.00 | 0.40 | 80 % | 50 % |",
    ]);
  });

  it("names the peers that did not have their cores to themselves", () => {
    expect(report(1000, 400)).toMatch(/Disturbed .*: Fast\.$/);
    expect(report(1000, 900)).not.toContain("Disturbed");
  });
});
