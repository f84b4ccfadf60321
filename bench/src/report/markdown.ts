import type { PeerSummary } from "../measurement.js";
import { type Column, columnsOf } from "./columns.js";
import type { BenchResults, PeerResults, WorkloadResults } from "./results.js";

/** The results as docs/benchmarks.md shows them: the machine, then one table for each workload. */
export function toMarkdown(results: BenchResults): string {
  return [toMarkdownHead(results), ...results.workloads.map(toMarkdownTable)].join("\n\n");
}

function toMarkdownHead({ machine, pinning, rounds, roundMs, skipped }: BenchResults): string {
  const memoryGiB = Math.round(machine.memoryBytes / 2 ** 30);
  return [
    `- ${machine.cores} cores of ${machine.cpu}, ${memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
    `- ${pinning}`,
    `- median (min to max) of ${rounds} rounds of ${roundMs / 1000} s, after a warm-up`,
    ...skipped.map((line) => `- skipped: ${line}`),
  ].join("\n");
}

function toMarkdownTable(results: WorkloadResults): string {
  const { workload, peers } = results;
  // A column that nobody has anything for is left out.
  const columns = columnsOf(workload).filter(({ cell }) => peers.some((peer) => cell(peer) !== undefined));
  return [
    `**${workload.title}**`,
    "",
    tableLine([
      workload.kind === "client" || workload.kind === "idle-client" ? "client" : "server",
      ...columns.map(({ head }) => head),
    ]),
    tableLine(["---", ...columns.map(() => "---:")]),
    ...peers.map((peer) => tableLine(cells(peer, columns))),
    ...notes(results).flatMap((note) => ["", note]),
  ].join("\n");
}

function cells(peer: PeerResults, columns: readonly Column[]): readonly string[] {
  return [peer.title, ...columns.map(({ cell }) => cell(peer) ?? "")];
}

function notes({ workload, peers, failures, generator }: WorkloadResults): readonly string[] {
  return [
    ...(workload.note === undefined ? [] : [workload.note]),
    ...(generator === "typescript" && workload.isSecure !== true
      ? ["By the generator in TypeScript: no C compiler."]
      : []),
    ...disturbanceNote(workload.kind === "echo" && workload.loadShare !== undefined ? [] : peers),
    ...failures.map(({ title, reason }) => `Fell out: ${title} (${reason}).`),
  ];
}

/** Under this share of a core, neither server nor generator was the limit: something else had the cores. */
const undisturbedShare = 0.75;

function disturbanceNote(peers: readonly PeerResults[]): readonly string[] {
  const isDisturbed = ({ testedShare, otherShare }: PeerSummary): boolean =>
    testedShare !== undefined &&
    otherShare !== undefined &&
    Math.max(testedShare.median, otherShare.median) < undisturbedShare;
  const disturbed = peers.filter((peer) => isDisturbed(peer.summary)).map((peer) => peer.title);
  if (disturbed.length === 0) return [];
  return [
    `Neither process was busy all the time (something else had the cores, or they waited for each other): ${disturbed.join("; ")}.`,
  ];
}

function tableLine(values: readonly string[]): string {
  return `| ${values.join(" | ")} |`;
}
