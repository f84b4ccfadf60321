import { type PeerSummary, type Round, summarisePeer, summariseRatios } from "../measurement.js";
import type { BenchOptions } from "../options.js";
import { baselineIds, type BaselineId } from "../peers/catalogue.js";
import type { ContestResult, Failure } from "../rounds/contest.js";
import type { Workload } from "../workloads.js";
import type { Machine } from "./machine.js";

/** All that a run measured: the content of the JSON file. */
export interface BenchResults {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly pinning: string;
  readonly rounds: number;
  readonly roundMs: number;
  /** What was not there, a line each. */
  readonly skipped: readonly string[];
  readonly workloads: readonly WorkloadResults[];
}

/** One workload, all peers. */
export interface WorkloadResults {
  readonly workload: Workload;
  /** `native` or `typescript`. */
  readonly generator: string;
  readonly peers: readonly PeerResults[];
  readonly failures: readonly Failure[];
}

/** One peer in one workload. */
export interface PeerResults {
  readonly peer: string;
  readonly title: string;
  readonly summary: PeerSummary;
  /** Against the round of the baseline next to each; of the baselines that ran. */
  readonly ratios: Partial<Record<BaselineId, PeerSummary>>;
  readonly rounds: readonly Round[];
}

/** Adds medians and ratios to the rounds of a workload. Peers without rounds are left out. */
export function workloadResults(
  workload: Workload,
  generator: string,
  peers: readonly { readonly id: string; readonly title: string }[],
  { rounds, failures }: ContestResult,
): WorkloadResults {
  const results = peers.flatMap(({ id, title }): PeerResults[] => {
    const own = rounds.get(id) ?? [];
    if (own.length === 0) return [];
    return [{ peer: id, title, summary: summarisePeer(own), ratios: ratiosOf(own, rounds), rounds: own }];
  });
  return { workload, generator, peers: results, failures };
}

function ratiosOf(
  own: readonly Round[],
  rounds: ReadonlyMap<string, readonly Round[]>,
): Partial<Record<BaselineId, PeerSummary>> {
  const there = baselineIds.filter((id) => rounds.get(id)?.length === own.length);
  return Object.fromEntries(there.map((id) => [id, summariseRatios(own, rounds.get(id) ?? [])]));
}

/** The head of the results, before any workload ran. */
export function emptyResults(
  { rounds, roundMs }: Pick<BenchOptions, "rounds" | "roundMs">,
  machine: Machine,
  pinning: string,
): BenchResults {
  return { startedAt: new Date().toISOString(), machine, pinning, rounds, roundMs, skipped: [], workloads: [] };
}
