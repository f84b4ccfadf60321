/** `npm run bench`: measures the peers, prints the tables, writes the results. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describePinning, detectPinning } from "./control/pinning.js";
import { parseOptions, usage, type BenchOptions } from "./options.js";
import { peers } from "./peers.js";
import { describeMachine } from "./report/machine.js";
import { toMarkdown } from "./report/markdown.js";
import { emptyResults, workloadResults, type BenchResults, type WorkloadResults } from "./report/results.js";
import { runRounds } from "./rounds.js";

const resultsFolder = fileURLToPath(new URL("../results/", import.meta.url));

async function measure(options: BenchOptions): Promise<BenchResults> {
  const pinning = detectPinning();
  const profileFolder = options.isProfiling ? resultsFolder : undefined;
  const head = emptyResults(options, describeMachine(), describePinning(pinning));
  const measured: WorkloadResults[] = [];
  for (const workload of options.workloads) {
    console.error(`${workload.title} ...`);
    const rounds = await runRounds(workload, peers, options, { pinning, profileFolder });
    measured.push(workloadResults(workload, peers, rounds));
  }
  return { ...head, workloads: measured };
}

async function write(results: BenchResults, jsonFile: string | undefined): Promise<void> {
  // npm runs this in bench/; INIT_CWD is the folder in which the user typed the command.
  const file =
    jsonFile === undefined
      ? `${resultsFolder}${results.startedAt.replaceAll(":", "-")}.json`
      : resolve(process.env["INIT_CWD"] ?? ".", jsonFile);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`);
  console.error(`results: ${file}`);
}

// Exiting takes the children along, see ChildProgram.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(usage);
  } else {
    const results = await measure(options);
    console.log(toMarkdown(results));
    await write(results, options.jsonFile);
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
