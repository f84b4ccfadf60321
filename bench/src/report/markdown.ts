import type { PeerSummary } from "../measurement.js";
import type { Summary } from "../statistics.js";
import type { BenchResults, PeerResults, WorkloadResults } from "./results.js";

const columns = [
  "server",
  "messages/s",
  "CPU per message, µs",
  "user",
  "system",
  "rate ÷ ws",
  "CPU ÷ ws",
  "server busy",
  "generator busy",
] as const;

/** The results as docs/benchmarks.md shows them: the machine, then one table for each workload. */
export function toMarkdown(results: BenchResults): string {
  return [toMarkdownHead(results), ...results.workloads.map(toMarkdownTable)].join("\n\n");
}

function toMarkdownHead({ machine, pinning, rounds, roundMs }: BenchResults): string {
  const memoryGiB = Math.round(machine.memoryBytes / 2 ** 30);
  return [
    `- ${machine.cores} cores of ${machine.cpu}, ${memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
    `- ${pinning}`,
    `- median (min to max) of ${rounds} rounds of ${roundMs / 1000} s, after a warm-up`,
  ].join("\n");
}

function toMarkdownTable({ workload, peers }: WorkloadResults): string {
  return [
    `**${workload.title}**`,
    "",
    tableLine(columns),
    tableLine(columns.map((_, column) => (column === 0 ? "---" : "---:"))),
    ...peers.map((peer) => tableLine(cells(peer))),
    ...disturbanceNote(peers),
  ].join("\n");
}

/** Under this share of a core, neither server nor generator was the limit: something else had the cores. */
const undisturbedShare = 0.75;

function disturbanceNote(peers: readonly PeerResults[]): readonly string[] {
  const isDisturbed = ({ serverCpuShare, generatorCpuShare }: PeerSummary): boolean =>
    Math.max(serverCpuShare.median, generatorCpuShare.median) < undisturbedShare;
  const disturbed = peers.filter((peer) => isDisturbed(peer.summary)).map((peer) => peer.title);
  if (disturbed.length === 0) return [];
  return [
    "",
    `Disturbed (neither process had its core to itself, repeat when the machine is calm): ${disturbed.join("; ")}.`,
  ];
}

function cells({ title, summary }: PeerResults): readonly string[] {
  return [
    title,
    withRange(summary.messagesPerSecond, thousands),
    withRange(summary.totalUsPerMessage, decimals),
    decimals(summary.userUsPerMessage.median),
    decimals(summary.systemUsPerMessage.median),
    withRange(summary.rateRatio, decimals),
    withRange(summary.cpuRatio, decimals),
    percent(summary.serverCpuShare.median),
    percent(summary.generatorCpuShare.median),
  ];
}

function tableLine(values: readonly string[]): string {
  return `| ${values.join(" | ")} |`;
}

function withRange({ median, min, max }: Summary, format: (value: number) => string): string {
  const [low, high] = [format(min), format(max)];
  return low === high ? format(median) : `${format(median)} (${low} to ${high})`;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function decimals(value: number): string {
  return value.toFixed(2);
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}
