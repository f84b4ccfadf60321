import type { Program } from "../peers/peer.js";
import type { Workload } from "../workloads.js";
import { runClients } from "./client-rounds.js";
import type { Contest, Contestant, ContestResult } from "./contest.js";
import { runIdle, runIdleClients } from "./idle-rounds.js";
import { runLoads } from "./load-rounds.js";
import { runStartUps } from "./start-up-rounds.js";

/** Runs a workload of any kind. `fixedServer` is whom clients talk to. */
export function runWorkload(
  workload: Workload,
  contestants: readonly Contestant[],
  fixedServer: Program,
  contest: Contest,
): Promise<ContestResult> {
  switch (workload.kind) {
    case "echo":
    case "broadcast":
    case "handshakes":
      return runLoads(workload, contestants, contest);
    case "idle":
      return runIdle(workload, contestants, contest);
    case "start-up":
      return runStartUps(contestants, contest);
    case "idle-client":
      return runIdleClients(workload, contestants, fixedServer, contest);
    case "client":
      return runClients(workload, contestants, fixedServer, contest);
  }
}
