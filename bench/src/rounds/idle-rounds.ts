import { setTimeout as delay } from "node:timers/promises";
import { GeneratorProcess, type OpenSettings } from "../control/generator-process.js";
import { ServerProcess } from "../control/server-process.js";
import type { IdleRound } from "../measurement.js";
import type { Program } from "../peers/peer.js";
import type { IdleClientWorkload, IdleWorkload } from "../workloads.js";
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
  return await rememberedBy(() => server.heldBytes(), generator, target, workload.connections);
}

/** Opens idle connections from a fresh process of each client, to one server. */
export async function runIdleClients(
  { connections }: IdleClientWorkload,
  contestants: readonly Contestant[],
  fixedServer: Program,
  { rounds, server: options }: Contest,
): Promise<ContestResult> {
  const turns = new Turns(contestants);
  await using server = await ServerProcess.start(fixedServer, {}, options);
  const target = { mode: "idle", port: server.port, path: "/echo" };
  for (let round = 0; round < rounds; round++) {
    await turns.all(async ({ program }) => {
      await using client = await GeneratorProcess.start(program, options.pinning);
      return await rememberedBy(() => client.heldBytes(), client, target, connections);
    });
  }
  return turns.result();
}

/** What a process holds more for each connection that `opener` opens. */
async function rememberedBy(
  heldBytes: () => Promise<number>,
  opener: GeneratorProcess,
  target: OpenSettings,
  connections: number,
): Promise<IdleRound> {
  // The first connection pays for what all share.
  await opener.open({ ...target, connections: 1 });
  await opener.close();
  await delay(SETTLING_MS);
  const before = await heldBytes();
  await opener.open({ ...target, connections });
  await delay(SETTLING_MS);
  const after = await heldBytes();
  return { kind: "idle", bytesPerConnection: (after - before) / connections, rssBytes: after };
}
