import { GeneratorProcess, type OpenSettings } from "../control/generator-process.js";
import type { CpuTime, ServerSettings } from "../control/messages.js";
import { ServerProcess } from "../control/server-process.js";
import type { LoadRound } from "../measurement.js";
import type { Program } from "../peers/peer.js";
import type { BroadcastWorkload, EchoWorkload, HandshakeWorkload } from "../workloads.js";
import { compareCompressed } from "./compressed-exchange.js";
import { type Contest, type Contestant, type ContestResult, Turns } from "./contest.js";
import { openSettings } from "./open-settings.js";

type LoadWorkload = EchoWorkload | BroadcastWorkload | HandshakeWorkload;

/** The generator of a workload. Throws when it takes the one in C, and there is none. */
export function generatorOf(workload: Pick<LoadWorkload, "isSecure" | "compression">, contest: Contest): Program {
  if (workload.isSecure === true) return contest.generators.typescript;
  return contest.generators.native ?? contest.generators.typescript;
}

/** What the servers are asked for, besides an echo. */
export function serverSettings(
  workload: Pick<LoadWorkload, "isSecure" | "compression"> & { readonly payloadBytes?: number },
  { tls }: Pick<Contest, "tls">,
): ServerSettings {
  const { isSecure, compression, payloadBytes = 0 } = workload;
  return {
    ...(compression !== undefined && { compression }),
    ...(isSecure === true && tls !== undefined && { tls }),
    // Some have a limit of 1 MiB.
    ...(payloadBytes > 512 * 1024 && { maxMessageBytes: 2 * payloadBytes }),
  };
}

/**
 * Loads all peers: a warm-up each, then rounds in turns. Every peer has a fresh process for the workload; those whose turn it is not are
 * idle.
 */
export async function runLoads(
  workload: LoadWorkload,
  contestants: readonly Contestant[],
  contest: Contest,
): Promise<ContestResult> {
  const turns = new Turns(contestants);
  await using field = new Field(workload, contest);
  await turns.all(async (contestant) => {
    await field.enter(contestant);
    return undefined;
  });
  const saturated: number[] = [];
  await turns.all(async (contestant) => {
    const { messages, elapsedMs } = await field.play(contestant, contest.warmUpMs);
    saturated.push((messages / elapsedMs) * 1000);
    return undefined;
  });
  const rate = fixedRate(workload, saturated);
  if (rate !== undefined) contest.say(`  ${Math.round(rate).toLocaleString("en-US")} messages/s for each`);
  for (let round = 0; round < contest.rounds; round++) {
    await turns.all((contestant) => field.play(contestant, contest.roundMs, rate));
  }
  return turns.result();
}

/** The share of the slowest's rate, where the workload asks for one. */
function fixedRate(workload: LoadWorkload, saturated: readonly number[]): number | undefined {
  if (workload.kind !== "echo" || workload.loadShare === undefined || saturated.length === 0) return undefined;
  return Math.min(...saturated) * workload.loadShare;
}

/** The servers of a workload, and the generator. */
class Field implements AsyncDisposable {
  readonly #workload: LoadWorkload;
  readonly #contest: Contest;
  readonly #servers = new Map<string, ServerProcess>();
  #generator: GeneratorProcess | undefined;

  constructor(workload: LoadWorkload, contest: Contest) {
    this.#workload = workload;
    this.#contest = contest;
  }

  async enter({ peer, program }: Contestant): Promise<void> {
    const settings = serverSettings(this.#workload, this.#contest);
    const server = await ServerProcess.start(program, settings, this.#contest.server);
    this.#servers.set(peer.id, server);
    if (this.#workload.compression !== undefined) await compareCompressed(server.port);
  }

  /** One stretch of load. A generator that failed is not used again. */
  async play({ peer }: Contestant, durationMs: number, rate?: number): Promise<LoadRound> {
    const server = this.#servers.get(peer.id);
    if (server === undefined) throw new Error("it has no server");
    const settings = openSettings(this.#workload, peer, server.port, this.#contest.framesFile);
    const generator = (this.#generator ??= await this.#startGenerator());
    try {
      return await this.#measure(generator, server, settings, durationMs, rate);
    } catch (error) {
      this.#generator = undefined;
      await generator[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#generator?.[Symbol.asyncDispose]();
    await Promise.all([...this.#servers.values()].map((server) => server[Symbol.asyncDispose]()));
  }

  #startGenerator(): Promise<GeneratorProcess> {
    return GeneratorProcess.start(generatorOf(this.#workload, this.#contest), this.#contest.server.pinning);
  }

  async #measure(
    generator: GeneratorProcess,
    server: ServerProcess,
    settings: OpenSettings,
    durationMs: number,
    rate: number | undefined,
  ): Promise<LoadRound> {
    await generator.open(settings);
    const before = await server.usage();
    const { messages, comparedMessages, elapsedMs, cpu, latency } = await generator.load(durationMs, rate);
    const { cpu: cpuAfter, rssBytes, garbage } = await server.usage();
    await generator.close();
    return {
      kind: "load",
      messages,
      comparedMessages,
      elapsedMs,
      testedCpu: elapsedCpu(before.cpu, cpuAfter),
      otherCpu: cpu,
      latency,
      rssBytes,
      ...(garbage !== undefined && { garbage }),
    };
  }
}

/** CPU time between two looks. */
export function elapsedCpu(before: CpuTime, after: CpuTime): CpuTime {
  return { user: after.user - before.user, system: after.system - before.system };
}
