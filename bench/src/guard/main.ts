/**
 * `npm run bench:guard`: fails when Halyard's CPU per message, relative to that of ws in the same run, is worse than bench/guard.json says, by
 * more than 15 %. `-- --record` writes that file.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchRun } from "../bench-run.js";
import { parseOptions } from "../options.js";
import { benchFolder } from "../peers/cache.js";
import type { BenchResults } from "../report/results.js";
import { best, describeRatio, type GuardRatios, type GuardRecord, regressions, tolerance } from "./verdict.js";

const file = join(benchFolder, "guard.json");
const major = process.versions.node.split(".")[0] ?? "";
const ours = "halyard-handler";
const run = ["--only", "echo-64B-1,echo-64B-16", "--peers", `ws,${ours}`, "--rounds", "7", "--round-ms", "1000"];

async function measure(): Promise<GuardRatios> {
  const options = parseOptions(run);
  if (options === "help") throw new Error("not asked for help");
  return ratiosOf(await new BenchRun(options).measure(undefined));
}

function ratiosOf({ workloads }: BenchResults): GuardRatios {
  return Object.fromEntries(
    workloads.map(({ workload, peers, failures }) => {
      const ratio = peers.find(({ peer }) => peer === ours)?.ratios.ws?.cpuUs?.median;
      if (ratio !== undefined) return [workload.id, ratio];
      throw new Error(`${workload.id} gave no ratio: ${failures.map(({ reason }) => reason).join("; ")}`);
    }),
  );
}

function print(measured: GuardRatios, recorded: GuardRatios): void {
  for (const [workload, ratio] of Object.entries(measured)) {
    console.log(`CPU per message, Halyard ÷ ws, ${describeRatio(workload, ratio, recorded[workload])}`);
  }
}

function keep(record: GuardRecord, measured: GuardRatios): void {
  const rounded = Object.entries(measured).map(([workload, ratio]) => [workload, Number(ratio.toFixed(3))]);
  const next: GuardRecord = { ...record, [major]: Object.fromEntries(rounded) as GuardRatios };
  writeFileSync(file, `${JSON.stringify(next, undefined, 2)}\n`);
  console.log(`recorded for Node ${major} in bench/guard.json`);
}

async function guard(isRecording: boolean): Promise<void> {
  const record = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as GuardRecord) : {};
  const recorded = record[major] ?? {};
  let measured = await measure();
  print(measured, recorded);
  if (isRecording) return keep(record, measured);
  if (record[major] === undefined) {
    return console.log(
      `nothing is recorded for Node ${major}, so nothing is compared: npm run bench:guard -- --record`,
    );
  }
  if (regressions(recorded, measured).length > 0) {
    console.log("that is worse than recorded; once more, in case that something else had the cores");
    measured = best(measured, await measure());
    print(measured, recorded);
  }
  for (const { workload } of regressions(recorded, measured)) {
    console.log(
      `worse by more than ${tolerance * 100} %: ${workload}; if that has to be so: npm run bench:guard -- --record`,
    );
    process.exitCode = 1;
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

try {
  const { values } = parseArgs({ options: { record: { type: "boolean", default: false } } });
  await guard(values.record);
} catch (error) {
  console.error(`guard: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
