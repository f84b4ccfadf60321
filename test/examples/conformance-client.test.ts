import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fuzzingCases, FuzzingServer } from "./fuzzing-server.js";
import { compileProgram } from "./program.js";

/** Runs the example; gives the lines that it prints. */
async function run(...args: readonly string[]): Promise<string[]> {
  const program = compileProgram("examples/conformance-client.ts", "conformance-client");
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return stdout.trimEnd().split("\n");
}

test("examples/conformance-client.ts plays every case of a fuzzing server, and has it write its reports", async () => {
  const server = await FuzzingServer.start();
  const lines = await run(server.url);
  const seen = server.seen.get("halyard") ?? [];
  for (const [index, { name, wants }] of fuzzingCases.entries()) expect(seen[index], name).toEqual(wants);
  expect(server.reports).toEqual(["halyard"]);
  expect(lines).toHaveLength(fuzzingCases.length + 1);
  expect(lines[0]).toBe("case 1: closed with 1000");
  expect(lines.at(-1)).toBe(`${fuzzingCases.length} cases; the server has written its reports`);
});

test("examples/conformance-client.ts says on whose behalf it plays", async () => {
  const server = await FuzzingServer.start();
  await run(server.url, "another");
  expect(server.reports).toEqual(["another"]);
  expect([...server.seen.keys()]).toEqual(["another"]);
});
