/**
 * `npm run bench:observers`: what observers cost per message, as a table; `-- --before DIST` adds another build of the library, `--plain`
 * leaves out all but those without observers.
 *
 * Connections are without observers twice: how far the two are apart is what the machine does by itself.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { detectPinning } from "../control/pinning.js";
import type { ServerSettings } from "../control/messages.js";
import type { LoadRound } from "../measurement.js";
import { nodeProgram } from "../peers/javascript.js";
import { buildGenerator } from "../peers/native.js";
import type { Contestant } from "../rounds/contest.js";
import { runLoads } from "../rounds/load-rounds.js";
import { median } from "../statistics.js";
import { type EchoWorkload, workloads } from "../workloads.js";

const WARM_UP_MS = 2_000;
const ROUND_MS = 1_000;
const WORKLOADS = ["echo-64B-1", "echo-64B-16"];

function contestant(title: string, settings: ServerSettings): Contestant {
  const program = nodeProgram("servers/halyard", { style: "handler", ...settings });
  return { peer: { id: title, title, features: ["echo"] }, program };
}

function contestants(before: string | undefined, isPlain: boolean): readonly Contestant[] {
  return [
    ...(before === undefined ? [] : [contestant("another build", { build: resolve(before) })]),
    contestant("no observer", {}),
    contestant("no observer, again", {}),
    ...(isPlain ? [] : [contestant("a tally", { observer: "tally" })]),
    ...(isPlain ? [] : [contestant("an observer of frames", { observer: "frames" })]),
  ];
}

function cpuUs({ testedCpu, messages }: LoadRound): number {
  return (testedCpu.user + testedCpu.system) / messages;
}

function range(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `${median(values).toFixed(digits)} (${low} to ${high})`;
}

async function table(workload: EchoWorkload, all: readonly Contestant[], rounds: number): Promise<void> {
  const native = await buildGenerator();
  const { rounds: played, failures } = await runLoads(workload, all, {
    rounds,
    warmUpMs: WARM_UP_MS,
    roundMs: ROUND_MS,
    server: { pinning: detectPinning(), profileFolder: undefined },
    generators: {
      native: native.kind === "ready" ? native.program : undefined,
      typescript: nodeProgram("generator/main"),
    },
    tls: undefined,
    framesFile: "",
    say: (line) => console.error(line),
  });
  for (const { title, reason } of failures) console.error(`fell out: ${title}: ${reason}`);
  const figures = new Map(
    Array.from(played, ([title, each]) => [
      title,
      each.flatMap((round) => (round.kind === "load" ? [cpuUs(round)] : [])),
    ]),
  );
  const plain = figures.get("no observer") ?? [];
  console.log(`\n| ${workload.title} | CPU per message, µs | ÷ no observer, round by round |\n| --- | ---: | ---: |`);
  for (const [title, each] of figures) {
    const ratios = each.map((value, round) => value / (plain[round] ?? Number.NaN));
    console.log(`| ${title} | ${range(each, 2)} | ${range(ratios, 3)} |`);
  }
}

const { values } = parseArgs({
  options: {
    before: { type: "string" },
    rounds: { type: "string", default: "12" },
    /** Leaves the observers out: only builds without any are compared. */
    plain: { type: "boolean", default: false },
  },
});
for (const workload of workloads) {
  if (workload.kind !== "echo" || !WORKLOADS.includes(workload.id)) continue;
  await table(workload, contestants(values.before, values.plain), Number(values.rounds));
}
