import { GeneratorProcess } from "../control/generator-process.js";
import { ServerProcess } from "../control/server-process.js";
import type { LoadRound } from "../measurement.js";
import type { Program } from "../peers/peer.js";
import type { ClientWorkload } from "../workloads.js";
import { type Contest, type Contestant, type ContestResult, Turns } from "./contest.js";
import { elapsedCpu } from "./load-rounds.js";

/** Has clients load one fixed server. They are driven as the generator is, and tell their own CPU time. */
export async function runClients(
  workload: ClientWorkload,
  contestants: readonly Contestant[],
  fixedServer: Program,
  contest: Contest,
): Promise<ContestResult> {
  const turns = new Turns(contestants);
  await using server = await ServerProcess.start(fixedServer, {}, contest.server);
  const clients = new Map<string, GeneratorProcess>();
  try {
    await turns.all(async ({ peer, program }) => {
      const client = await GeneratorProcess.start(program, contest.server.pinning);
      clients.set(peer.id, client);
      await play(client, server, workload, contest.warmUpMs);
      return undefined;
    });
    for (let round = 0; round < contest.rounds; round++) {
      await turns.all(async ({ peer }) => {
        const client = clients.get(peer.id);
        return client === undefined ? undefined : play(client, server, workload, contest.roundMs);
      });
    }
    return turns.result();
  } finally {
    await Promise.all([...clients.values()].map((client) => client[Symbol.asyncDispose]()));
  }
}

async function play(
  client: GeneratorProcess,
  server: ServerProcess,
  { payload, payloadBytes, connections, inFlight }: ClientWorkload,
  durationMs: number,
): Promise<LoadRound> {
  const target = { mode: "echo", port: server.port, path: "/echo" };
  await client.open({ ...target, payload, bytes: payloadBytes, connections, "in-flight": inFlight });
  const before = await server.usage();
  const { cpu, messages, comparedMessages, elapsedMs, latency } = await client.load(durationMs);
  const after = await server.usage();
  await client.close();
  const otherCpu = elapsedCpu(before.cpu, after.cpu);
  return { kind: "load", messages, comparedMessages, elapsedMs, testedCpu: cpu, otherCpu, latency };
}
