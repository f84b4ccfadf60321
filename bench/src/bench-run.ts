import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openFileLimit } from "./control/file-limit.js";
import { describePinning, detectPinning } from "./control/pinning.js";
import { tlsFiles } from "./control/tls-files.js";
import type { BenchOptions } from "./options.js";
import { cacheFolder } from "./peers/cache.js";
import { clientPeers, peers } from "./peers/catalogue.js";
import { nodeProgram } from "./peers/javascript.js";
import { buildFloor, buildGenerator } from "./peers/native.js";
import type { Peer } from "./peers/peer.js";
import { describeMachine } from "./report/machine.js";
import { type BenchResults, emptyResults, type WorkloadResults, workloadResults } from "./report/results.js";
import { writeCompressedFrames } from "./rounds/compressed-exchange.js";
import type { Contest, Contestant } from "./rounds/contest.js";
import { runWorkload } from "./rounds/workload-rounds.js";
import type { Workload } from "./workloads.js";

/** Files that a process has open besides its connections. */
const SPARE_FILES = 64;

/** A run of the benchmark: prepares what the workloads need, plays them one by one. Says on stderr what it does and what is missing. */
export class BenchRun {
  readonly #options: BenchOptions;
  readonly #skipped: string[] = [];
  readonly #contestants = new Map<Peer, Contestant | undefined>();

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  async measure(profileFolder: string | undefined): Promise<BenchResults> {
    const contest = await this.#contest(profileFolder);
    const head = emptyResults(this.#options, describeMachine(), describePinning(contest.server.pinning));
    const measured: WorkloadResults[] = [];
    for (const workload of this.#options.workloads) {
      const obstacle = obstacleTo(workload, contest);
      if (obstacle === undefined) measured.push(await this.#play(workload, contest));
      else this.#skip(`${workload.id}: ${obstacle}`);
    }
    return { ...head, skipped: this.#skipped, workloads: measured };
  }

  async #contest(profileFolder: string | undefined): Promise<Contest> {
    await mkdir(cacheFolder, { recursive: true });
    const framesFile = join(cacheFolder, "chat-frames.bin");
    await writeCompressedFrames(framesFile);
    const native = await buildGenerator();
    if (native.kind === "missing")
      this.#skip(`the generator in C, the one in TypeScript takes its place: ${native.why}`);
    const { rounds, warmUpMs, roundMs } = this.#options;
    return {
      rounds,
      warmUpMs,
      roundMs,
      server: { pinning: detectPinning(), profileFolder },
      generators: {
        native: native.kind === "ready" ? native.program : undefined,
        typescript: nodeProgram("generator/main"),
      },
      tls: tlsFiles(),
      framesFile,
      say: (line) => console.error(line),
    };
  }

  async #play(workload: Workload, contest: Contest): Promise<WorkloadResults> {
    console.error(`${workload.title} ...`);
    const contestants: Contestant[] = [];
    for (const peer of this.#peersOf(workload)) {
      const contestant = await this.#contestant(peer);
      if (contestant !== undefined) contestants.push(contestant);
    }
    const floor = await buildFloor();
    const fixedServer = floor.kind === "ready" ? floor.program : nodeProgram("servers/ws");
    const result = await runWorkload(workload, contestants, fixedServer, contest);
    for (const { title, reason } of result.failures) console.error(`  fell out: ${title}: ${reason}`);
    const isNative = workload.isSecure !== true && contest.generators.native !== undefined;
    return workloadResults(workload, isNative ? "native" : "typescript", this.#peersOf(workload), result);
  }

  #peersOf({ kind, needs, peers: few }: Workload): readonly Peer[] {
    const isIn = ({ id, features }: Peer): boolean =>
      this.#options.peerIds.includes(id) &&
      (few === undefined || few.includes(id)) &&
      (needs.every((need) => features.includes(need)) || (kind === "broadcast" && features.includes("socket-io")));
    return (kind === "client" || kind === "idle-client" ? clientPeers : peers).filter(isIn);
  }

  async #contestant(peer: Peer): Promise<Contestant | undefined> {
    if (this.#contestants.has(peer)) return this.#contestants.get(peer);
    const preparation = await peer.prepare();
    const contestant = preparation.kind === "ready" ? { peer, program: preparation.program } : undefined;
    this.#contestants.set(peer, contestant);
    if (preparation.kind === "missing") this.#skip(`${peer.title}: ${preparation.why}`);
    return contestant;
  }

  #skip(line: string): void {
    this.#skipped.push(line);
    console.error(`skipped: ${line}`);
  }
}

/** Why a workload cannot run on this machine, and what to do about it. */
function obstacleTo(workload: Workload, { tls, generators }: Contest): string | undefined {
  const limit = openFileLimit();
  const files = SPARE_FILES + filesOf(workload);
  if (files > limit) return `it takes ${files} open files, "ulimit -n" is ${limit}: raise it, "ulimit -n ${files}"`;
  if (workload.isSecure === true && tls === undefined)
    return "no certificate, as there is no openssl: apt-get install openssl";
  if (workload.kind === "echo" && workload.payload === "chat" && generators.native === undefined) {
    return "compressed frames take the generator in C: apt-get install build-essential";
  }
  if (workload.isAwake === true && generators.native === undefined) {
    return "only the generator in C can stay awake: apt-get install build-essential";
  }
  return undefined;
}

function filesOf(workload: Workload): number {
  switch (workload.kind) {
    case "start-up":
      return 1;
    case "broadcast":
      return workload.subscribers + 1;
    case "echo":
    case "client":
    case "idle-client":
    case "handshakes":
    case "idle":
      return workload.connections;
  }
}
