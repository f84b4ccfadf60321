import { setTimeout as delay } from "node:timers/promises";
import { GeneratorProcess } from "../control/generator-process.js";
import { ServerProcess } from "../control/server-process.js";
import type { IdleRound } from "../measurement.js";
import type { IdleWorkload } from "../workloads.js";
import { type Contest, type Contestant, type ContestResult, Turns } from "./contest.js";
import { generatorOf, serverSettings } from "./load-rounds.js";

/** Memory is hardly noisy, and ten thousand handshakes take their time. */
const MOST_ROUNDS = 3;
/** For what the handshakes leave behind to be done with. */
const SETTLING_MS = 500;

/** Opens idle connections on a fresh process of each peer. */
export async function runIdle(
  workload: IdleWorkload,
  contestants: readonly Contestant[],
  contest: Contest,
): Promise<ContestResult> {
  const turns = new Turns(contestants);
  for (let round = 0; round < Math.min(contest.rounds, MOST_ROUNDS); round++) {
    await turns.all((contestant) => measure(workload, contestant, contest));
  }
  return turns.result();
}

async function measure(workload: IdleWorkload, { program }: Contestant, contest: Contest): Promise<IdleRound> {
  await using server = await ServerProcess.start(program, serverSettings(workload, contest), contest.server);
  await using generator = await GeneratorProcess.start(generatorOf(workload, contest), contest.server.pinning);
  const target = {
    mode: "idle",
    port: server.port,
    path: "/echo",
    ...(workload.isSecure === true && { tls: 1 }),
    ...(workload.compression !== undefined && { offer: "permessage-deflate; client_max_window_bits" }),
  };
  // The first connection pays for what all share.
  await generator.open({ ...target, connections: 1 });
  await generator.close();
  await delay(SETTLING_MS);
  const before = await server.heldBytes();
  await generator.open({ ...target, connections: workload.connections });
  await delay(SETTLING_MS);
  const after = await server.heldBytes();
  return { kind: "idle", bytesPerConnection: (after - before) / workload.connections, rssBytes: after };
}
