import { describe, expect, it } from "vitest";
import type { LoadRound, Round } from "../../bench/src/measurement.js";
import { toChart } from "../../bench/src/report/chart.js";
import { toMarkdown } from "../../bench/src/report/markdown.js";
import { workloadResults, type BenchResults } from "../../bench/src/report/results.js";
import type { ContestResult } from "../../bench/src/rounds/contest.js";
import { workloads, type Workload } from "../../bench/src/workloads.js";

const peers = [
  { id: "ws", title: "ws" },
  { id: "halyard-handler", title: "Halyard" },
  { id: "gone", title: "Gone" },
];

/** A second in which the server was busy for `busyMs`. */
const round = (messages: number, busyMs: number): LoadRound => ({
  kind: "load",
  messages,
  comparedMessages: 1,
  elapsedMs: 1000,
  testedCpu: { user: busyMs * 400, system: busyMs * 600 },
  otherCpu: { user: 100_000, system: 400_000 },
  latency: { p50Us: 500, p99Us: 1500, p999Us: 2500, maxUs: 3000 },
  rssBytes: 2 ** 26,
});

function resultsOf(id: string, rounds: ReadonlyMap<string, readonly Round[]>): BenchResults {
  const workload = workloads.find((one) => one.id === id) as Workload;
  const result: ContestResult = { rounds, failures: [{ peer: "gone", title: "Gone", reason: "it crashed" }] };
  return {
    startedAt: "2026-01-01T00:00:00.000Z",
    machine: { cpu: "Some CPU", cores: 2, memoryBytes: 8 * 2 ** 30, system: "linux 6 x64", node: "v20.19.0" },
    pinning: "processes are not pinned: there is only one core",
    rounds: 1,
    roundMs: 1000,
    skipped: ["Other: it is not there"],
    workloads: [workloadResults(workload, "native", peers, result)],
  };
}

const loaded = (...busyMs: readonly [number, number]): BenchResults =>
  resultsOf(
    "echo-64B-1",
    new Map([
      ["ws", [round(100_000, busyMs[0])]],
      ["halyard-handler", [round(200_000, busyMs[1])]],
    ]),
  );

describe("the tables", () => {
  it("begin with the machine, the pinning, the rounds and what was skipped", () => {
    expect(toMarkdown(loaded(1000, 1000)).split("\n").slice(0, 4)).toEqual([
      "- 2 cores of Some CPU, 8 GiB, linux 6 x64, Node v20.19.0",
      "- processes are not pinned: there is only one core",
      "- median (min to max) of 1 rounds of 1 s, after a warm-up",
      "- skipped: Other: it is not there",
    ]);
  });

  it("give a row of figures for each peer that finished, without the columns that nobody has anything for", () => {
    const lines = toMarkdown(loaded(1000, 800)).split("\n");
    expect(lines.find((line) => line.startsWith("| server"))).not.toContain("garbage");
    expect(lines.filter((line) => /^\| (?:ws|Halyard|Gone) /.test(line))).toEqual([
      "| ws | 100,000 | 10.00 | 4.00 | 6.00 | 1.00 | 1.00 | 1.50 | 64 | 100 % | 50 % |",
      "| Halyard | 200,000 | 4.00 | 1.60 | 2.40 | 2.00 | 0.40 | 1.50 | 64 | 80 % | 50 % |",
    ]);
  });

  it("say who fell out and why", () => {
    expect(toMarkdown(loaded(1000, 800))).toContain("Fell out: Gone (it crashed).");
  });

  it("name the peers that did not have their cores to themselves", () => {
    expect(toMarkdown(loaded(1000, 400))).toMatch(/Neither process was busy .*: Halyard\.$/m);
    expect(toMarkdown(loaded(1000, 900))).not.toContain("Neither process");
  });

  it("of idle connections are about memory", () => {
    const idle = (bytesPerConnection: number): Round => ({ kind: "idle", bytesPerConnection, rssBytes: 2 ** 27 });
    const rounds = new Map([
      ["ws", [idle(8192)]],
      ["halyard-handler", [idle(6144)]],
    ]);
    expect(toMarkdown(resultsOf("idle", rounds))).toContain("| Halyard | 6.0 | 0.75 | 128 |");
  });
});

describe("the chart", () => {
  it("has a bar for each peer that finished", () => {
    const chart = toChart(loaded(1000, 800));
    expect(chart).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(chart).toContain(">Halyard</text>");
    expect(chart).toContain(">4.00</text>");
    expect(chart).not.toContain("Gone");
  });

  it("cuts a bar that is far longer than the others, and says so", () => {
    expect(toChart(loaded(1000, 10))).toContain("(cut)");
    expect(toChart(loaded(1000, 800))).not.toContain("(cut)");
  });

  it("fits in 60 kB with every workload and peer", () => {
    const full = loaded(1000, 800);
    const [one] = full.workloads;
    const results = one!.peers.concat(...Array.from({ length: 5 }, () => one!.peers)).slice(0, 11);
    const every = workloads.map((workload) => ({ ...one!, workload, peers: results }));
    const chart = toChart({ ...full, workloads: every });
    expect(chart.length).toBeLessThan(60_000);
    expect(chart.match(/font-weight="600">[^<]* in flight/g)?.length).toBeGreaterThan(3);
  });
});
