import { GeneratorProcess } from "./control/generator-process.js";
import { ServerProcess, type ServerProcessOptions } from "./control/server-process.js";
import type { CpuTime, Round } from "./measurement.js";
import type { BenchOptions } from "./options.js";
import type { Peer } from "./peers.js";
import type { EchoWorkload } from "./workloads.js";

/** The counted rounds of every peer, by its id. */
export type RoundsByPeer = ReadonlyMap<string, readonly Round[]>;

/**
 * Runs one workload against all peers: a warm-up each, then rounds in which the peers take turns (A B C A B C ...), so that
 * what the machine does meanwhile hits all of them alike. Every peer has a fresh process for the workload.
 */
export async function runRounds(
  workload: EchoWorkload,
  peers: readonly Peer[],
  { rounds, warmUpMs, roundMs }: Pick<BenchOptions, "rounds" | "warmUpMs" | "roundMs">,
  serverOptions: ServerProcessOptions,
): Promise<RoundsByPeer> {
  const started: AsyncDisposable[] = [];
  try {
    const generator = await GeneratorProcess.start(serverOptions.pinning);
    started.push(generator);
    const servers: ServerProcess[] = [];
    for (const peer of peers) {
      const server = await ServerProcess.start(peer, serverOptions);
      started.push(server);
      servers.push(server);
    }

    for (const server of servers) await runRound(generator, server, workload, warmUpMs);
    const counted = new Map(peers.map((peer): [string, Round[]] => [peer.id, []]));
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) {
        counted.get(server.peer.id)?.push(await runRound(generator, server, workload, roundMs));
      }
    }
    return counted;
  } finally {
    await Promise.all(started.map((resource) => resource[Symbol.asyncDispose]()));
  }
}

async function runRound(
  generator: GeneratorProcess,
  server: ServerProcess,
  workload: EchoWorkload,
  durationMs: number,
): Promise<Round> {
  await generator.connect(workload, { port: server.port, path: "/echo" });
  const before = await server.usage();
  const { cpu, ...load } = await generator.load(durationMs);
  const after = await server.usage();
  await generator.disconnect();
  return {
    ...load,
    serverCpu: elapsedCpu(before.cpu, after.cpu),
    generatorCpu: cpu,
    serverRssBytes: after.rssBytes,
  };
}

function elapsedCpu(before: CpuTime, after: CpuTime): CpuTime {
  return { user: after.user - before.user, system: after.system - before.system };
}
