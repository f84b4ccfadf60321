import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectFlags } from "../../src/cli/connect-flags.js";
import { TYPED_HELP } from "../../src/cli/typed-line.js";
import { HalyardProcess, halyardScript, startServe } from "../support/halyard-process.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/connect.md");

/** The commands of docs/connect.md, each with all that it prints. */
const commands = doc.blocks
  .filter(({ language }) => language === "console")
  .flatMap(({ code }) => code.split(/^\$ /m).slice(1))
  .map((text) => ({ command: text.slice(0, text.indexOf("\n")), output: text.slice(text.indexOf("\n") + 1) }));

/** Runs a command of the docs with the built `halyard` and a server on another port than theirs. */
async function run(command: string, port: number): Promise<string> {
  const program = `"${process.execPath}" "${halyardScript}"`;
  const line = command
    .replaceAll("halyard connect", `${program} connect`)
    .replaceAll("localhost:8080", `localhost:${port}`);
  const shell = HalyardProcess.of(spawn("sh", ["-c", line], { stdio: ["ignore", "pipe", "pipe"] }));
  await shell.exited;
  return (shell.stdout + shell.stderr).replaceAll(`localhost:${port}`, "localhost:8080");
}

test.each(commands)(
  "docs/connect.md: $command prints what it says",
  { timeout: 20_000 },
  async ({ command, output }) => {
    const { port } = await startServe("--quiet");
    const time = /"ts":"[^"]+"/;
    expect((await run(command, port)).replace(time, "")).toBe(output.replace(time, ""));
  },
);

test("docs/connect.md shows commands", () => {
  expect(commands.length).toBeGreaterThan(4);
});

test("docs/connect.md has every typed command", () => {
  const named = Array.from(doc.text.matchAll(/^\| `(\/[^\s`]+)/gm), ([, name = ""]) => name);
  const helped = Array.from(TYPED_HELP.matchAll(/^ {2}(\/\S+)/gm), ([, name]) => name);
  expect(named).toEqual(helped);
});

test("docs/connect.md names no flag that there is not", () => {
  const named = Array.from(doc.text.matchAll(/--([a-z][a-z0-9-]+)/g), ([, name = ""]) => name);
  for (const name of new Set(named)) expect(connectFlags).toHaveProperty([name]);
});

test("docs/connect.md links to files that exist", () => {
  for (const link of doc.links()) expect(existsSync(join("docs", link.replace(/#.*/, ""))), link).toBe(true);
});
