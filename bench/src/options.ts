import { parseArgs } from "node:util";
import { workloads, type EchoWorkload } from "./workloads.js";

/** What the command line asks for, complete. */
export interface BenchOptions {
  readonly isQuick: boolean;
  /** Counted rounds of each peer; one more before them is not counted. */
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly roundMs: number;
  readonly workloads: readonly EchoWorkload[];
  /** Where the results go, besides the table on stdout; `undefined` for the default file. */
  readonly jsonFile: string | undefined;
  readonly isProfiling: boolean;
}

/** How to call the benchmark. */
export const usage: string = `npm run bench [-- OPTIONS]

  --quick          short rounds: under a minute, and noisier
  --rounds N       counted rounds of each peer (5)
  --json FILE      write the results there, not into bench/results
  --only WORKLOAD  one of: ${workloads.map(({ id }) => id).join(", ")}
  --cpu-prof       write a CPU profile of every server into bench/results; the figures then include its cost
  --help`;

/** Parses the arguments after the program's name; `"help"` when that is what they ask for. Throws a TypeError or RangeError. */
export function parseOptions(argv: readonly string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      json: { type: "string" },
      only: { type: "string" },
      "cpu-prof": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  return {
    isQuick: values.quick,
    rounds: parseRounds(values.rounds),
    warmUpMs: values.quick ? 700 : 3000,
    roundMs: values.quick ? 500 : 2500,
    workloads: selectWorkloads(values.only),
    jsonFile: values.json,
    isProfiling: values["cpu-prof"],
  };
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!/^\d+$/.test(text) || rounds < 1 || rounds > 100) throw new RangeError(`--rounds takes 1 to 100, got ${text}`);
  return rounds;
}

function selectWorkloads(id: string | undefined): readonly EchoWorkload[] {
  if (id === undefined) return workloads;
  const selected = workloads.filter((workload) => workload.id === id);
  if (selected.length > 0) return selected;
  throw new RangeError(`--only takes ${workloads.map((workload) => workload.id).join(", ")}; got ${id}`);
}
