import { parseArgs } from "node:util";
import { clientPeers, peers } from "./peers/catalogue.js";
import { quickPeerIds, quickWorkloadIds, workloads, type Workload } from "./workloads.js";

/** What the command line asks for, complete. */
export interface BenchOptions {
  readonly isQuick: boolean;
  /** Counted rounds of each peer; one more before them is not counted. */
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly roundMs: number;
  readonly workloads: readonly Workload[];
  /** Ids; those of a workload that are none of them do not run. */
  readonly peerIds: readonly string[];
  /** Where the results go, besides the tables on stdout; `undefined` for a file in bench/results. */
  readonly jsonFile: string | undefined;
  /** Where the chart goes; `undefined` for a file in bench/results. */
  readonly chartFile: string | undefined;
  readonly isProfiling: boolean;
}

const allPeerIds: readonly string[] = [...new Set([...peers, ...clientPeers].map(({ id }) => id))];

/** How to call the benchmark. */
export const usage: string = `npm run bench [-- OPTIONS]

  --quick            the core: ${quickWorkloadIds.length} workloads, ${quickPeerIds.length} peers, short rounds; two minutes
  --only WORKLOADS   some of them, by their names and with commas between; "echo-" stands for all that begin so
  --peers PEERS      some of them, likewise
  --rounds N         counted rounds of each peer in each workload (5)
  --round-ms MS      the length of a round (2500; 1000 with --quick); the warm-up is as long
  --json FILE        write the results there, not into bench/results
  --svg FILE         write the chart there, not into bench/results
  --cpu-prof         write a CPU profile of every server on Node into bench/results; the figures then include its cost
  --help

Workloads:
${workloads.map(({ id, title }) => `  ${id.padEnd(22)} ${title}`).join("\n")}

Peers:
${[...new Map([...clientPeers, ...peers].map(({ id, title }) => [id, title]))].map(([id, title]) => `  ${id.padEnd(22)} ${title}`).join("\n")}

Everything takes well over an hour. What is not part of the project is installed and built into bench/.cache when it is first needed; what
cannot be is skipped in one line that says why. Large crowds need file descriptors: "ulimit -n 20000" first.`;

/** Parses the arguments after the program's name; `"help"` when that is what they ask for. Throws a TypeError or RangeError. */
export function parseOptions(argv: readonly string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      "round-ms": { type: "string" },
      json: { type: "string" },
      svg: { type: "string" },
      only: { type: "string" },
      peers: { type: "string" },
      "cpu-prof": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const workloadIds = workloads.map(({ id }) => id);
  const selected = select("--only", values.only ?? (values.quick ? quickWorkloadIds.join() : undefined), workloadIds);
  const roundMs = whole("--round-ms", values["round-ms"] ?? (values.quick ? "1000" : "2500"), 100, 600_000);
  return {
    isQuick: values.quick,
    rounds: whole("--rounds", values.rounds, 1, 100),
    warmUpMs: roundMs,
    roundMs,
    workloads: workloads.filter(({ id }) => selected.includes(id)),
    peerIds: select("--peers", values.peers ?? (values.quick ? quickPeerIds.join() : undefined), allPeerIds),
    jsonFile: values.json,
    chartFile: values.svg,
    isProfiling: values["cpu-prof"],
  };
}

function whole(flag: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new RangeError(`${flag} takes ${least} to ${most}, got ${text}`);
}

/** The ids that are listed, or begin with what is listed. A whole id stands for itself alone. */
function select(flag: string, list: string | undefined, ids: readonly string[]): readonly string[] {
  if (list === undefined) return ids;
  return list.split(",").flatMap((name) => {
    const found = ids.includes(name) ? [name] : ids.filter((id) => name !== "" && id.startsWith(name));
    if (found.length === 0) throw new RangeError(`${flag} takes ${ids.join(", ")}; got ${name}`);
    return found;
  });
}
