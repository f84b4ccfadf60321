// @ts-check

/**
 * Runs the tests on the runtimes that Halyard supports: those of the sources on each version of Node, those that talk to the built
 * command by bytes, signals and pipes on all. Runtimes are taken from npm into node_modules/.cache when they are not there yet.
 *
 *   npm run test:runtimes                 all of them
 *   npm run test:runtimes -- bun node26   some
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * @typedef {object} Runtime
 * @property {string} package what npm installs
 * @property {string} program where that puts the program
 * @property {boolean} isNode whether it runs the test runner itself
 */

/**
 * @typedef {object} Report what is looked at of a report of the test runner
 * @property {number} numPassedTests
 * @property {readonly { name: string, status: string, assertionResults: readonly { status: string, fullName: string, failureMessages?: readonly string[] }[] }[]} testResults
 */

/** @type {Readonly<Record<string, Runtime>>} */
const runtimes = {
  node20: { package: "node@20", program: "node_modules/node/bin/node", isNode: true },
  node22: { package: "node@22", program: "node_modules/node/bin/node", isNode: true },
  node24: { package: "node@24", program: "node_modules/node/bin/node", isNode: true },
  node26: { package: "node@26", program: "node_modules/node/bin/node", isNode: true },
  bun: { package: "bun@1.4.5", program: "node_modules/bun/bin/bun.exe", isNode: false },
  deno: { package: "deno@2.9.6", program: "node_modules/deno/deno", isNode: false },
};

/** The tests that see the built command from outside, whatever runs it. */
const outside = [
  "test/package/serve-protocol.test.ts",
  "test/cli/serve.test.ts",
  "test/cli/serve-tls.test.ts",
  "test/cli/connect.test.ts",
  "test/cli/connect-tls.test.ts",
];

const cache = resolve("node_modules/.cache/halyard-runtimes");
const runner = resolve("node_modules/vitest/vitest.mjs");

/** Where a runtime's program is; installs it first if need be. @param {string} name @param {Runtime} runtime */
function programOf(name, runtime) {
  const folder = join(cache, name);
  const program = join(folder, runtime.program);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  console.log(`installing ${runtime.package}`);
  const args = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, runtime.package];
  const { status } = spawnSync("npm", args, { stdio: "inherit" });
  if (status !== 0 || !existsSync(program)) throw new Error(`npm could not install ${runtime.package}`);
  return program;
}

/**
 * Runs tests; gives the names of those that failed, what each said by its name, and how many passed.
 * @param {string} node what runs the test runner @param {readonly string[]} args @param {NodeJS.ProcessEnv} env
 */
function run(node, args, env) {
  const report = join(cache, "report.json");
  rmSync(report, { force: true });
  const all = [runner, "run", "--reporter=json", `--outputFile=${report}`, ...args];
  spawnSync(node, all, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ...env } });
  if (!existsSync(report)) throw new Error("the test runner has written no report");
  const { numPassedTests, testResults } = /** @type {Report} */ (JSON.parse(readFileSync(report, "utf8")));
  const failed = testResults.flatMap(({ name, status, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === "failed").map(({ fullName }) => fullName);
    return status === "failed" && tests.length === 0 ? [`${name} could not be run`] : tests;
  });
  const said = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ fullName, failureMessages }) => /** @type {const} */ ([fullName, failureMessages?.join("\n") ?? ""]));
  return { passed: numPassedTests, failed, said };
}

/** What is known to differ: why, by runtime and test. */
const known = /** @type {Readonly<Record<string, Readonly<Record<string, string>>>>} */ (
  JSON.parse(readFileSync(new URL("runtime-differences.json", import.meta.url), "utf8"))
);

/** Whether a runtime does as it should, but for what is known of it. @param {string} name @param {Runtime} runtime */
function check(name, runtime) {
  const program = programOf(name, runtime);
  const results = runtime.isNode
    ? [
        run(program, ["--project", "source", "--project", "integration"], {}),
        run(program, ["--project", "package", ...outside], {}),
      ]
    : [run(process.execPath, ["--project", "package", ...outside], { HALYARD_RUNTIME: program })];
  const differences = known[name] ?? {};
  const failed = results.flatMap((result) => result.failed);
  const unexpected = failed.filter((test) => !(test in differences));
  const mended = Object.keys(differences).filter((test) => !failed.includes(test));
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  console.log(
    `${name}: ${passed} passed, ${unexpected.length} failed, ${failed.length - unexpected.length} known to differ`,
  );
  const said = new Map(results.flatMap((result) => result.said));
  for (const test of unexpected) console.log(`  failed: ${test}\n${said.get(test) ?? ""}`);
  for (const test of mended) console.log(`  passes now, take it out of runtime-differences.json: ${test}`);
  return unexpected.length === 0 && mended.length === 0;
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(runtimes);
let isRight = true;
for (const name of names) {
  const runtime = runtimes[name];
  if (runtime === undefined) throw new RangeError(`no runtime ${name}; there are ${Object.keys(runtimes).join(", ")}`);
  isRight = check(name, runtime) && isRight;
}
if (!isRight) process.exitCode = 1;
