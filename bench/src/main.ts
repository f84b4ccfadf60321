/** `npm run bench`: measures the peers, prints the tables, writes the results and a chart. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BenchRun } from "./bench-run.js";
import { type BenchOptions, parseOptions, usage } from "./options.js";
import { toChart } from "./report/chart.js";
import { toMarkdown } from "./report/markdown.js";
import type { BenchResults } from "./report/results.js";

const resultsFolder = fileURLToPath(new URL("../results/", import.meta.url));

async function write(results: BenchResults, { jsonFile, chartFile }: BenchOptions): Promise<void> {
  const stem = `${resultsFolder}${results.startedAt.replaceAll(":", "-")}`;
  await writeTo(jsonFile, `${stem}.json`, `${JSON.stringify(results, undefined, 2)}\n`);
  await writeTo(chartFile, `${stem}.svg`, toChart(results));
}

async function writeTo(asked: string | undefined, otherwise: string, contents: string): Promise<void> {
  // npm runs this in bench/; INIT_CWD is the folder in which the user typed the command.
  const file = asked === undefined ? otherwise : resolve(process.env["INIT_CWD"] ?? ".", asked);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, contents);
  console.error(`written: ${file}`);
}

// Exiting takes the children along, see ChildProgram.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(usage);
  } else {
    const results = await new BenchRun(options).measure(options.isProfiling ? resultsFolder : undefined);
    console.log(toMarkdown(results));
    await write(results, options);
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
