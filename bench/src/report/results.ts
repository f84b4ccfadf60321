import { summarisePeer, type PeerSummary, type Round } from "../measurement.js";
import type { BenchOptions } from "../options.js";
import { baselineId, type Peer } from "../peers.js";
import type { RoundsByPeer } from "../rounds.js";
import type { EchoWorkload } from "../workloads.js";
import type { Machine } from "./machine.js";

/** All that a run measured: the content of the JSON file. */
export interface BenchResults {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly pinning: string;
  readonly rounds: number;
  readonly roundMs: number;
  readonly workloads: readonly WorkloadResults[];
}

/** One workload, all peers. */
export interface WorkloadResults {
  readonly workload: EchoWorkload;
  readonly peers: readonly PeerResults[];
}

/** One peer in one workload. */
export interface PeerResults {
  readonly peer: string;
  readonly title: string;
  readonly summary: PeerSummary;
  readonly rounds: readonly Round[];
}

/** Adds the medians to the rounds of a workload. */
export function workloadResults(
  workload: EchoWorkload,
  peers: readonly Peer[],
  roundsByPeer: RoundsByPeer,
): WorkloadResults {
  const roundsOf = (id: string): readonly Round[] => roundsByPeer.get(id) ?? [];
  return {
    workload,
    peers: peers.map(({ id, title }) => ({
      peer: id,
      title,
      summary: summarisePeer(roundsOf(id), roundsOf(baselineId)),
      rounds: roundsOf(id),
    })),
  };
}

/** The head of the results, before any workload ran. */
export function emptyResults(
  { rounds, roundMs }: Pick<BenchOptions, "rounds" | "roundMs">,
  machine: Machine,
  pinning: string,
): BenchResults {
  return { startedAt: new Date().toISOString(), machine, pinning, rounds, roundMs, workloads: [] };
}
