import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkerErrorCode } from "halyard/server";
import { expect, test } from "vitest";
import { EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess } from "../support/halyard-process.js";
import { compileProgram } from "./program.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/workers.md");

test("docs/workers.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/workers").map((name) => `examples/workers/${name}`);
  expect(doc.blocks.map(({ info }) => info).toSorted()).toEqual(files);
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/workers.md links to files that exist", () => {
  for (const link of doc.links()) expect(existsSync(join("docs", link)), link).toBe(true);
});

test("docs/workers.md lists every code of a WorkerError, and no other", () => {
  const codes: Record<WorkerErrorCode, true> = { "start-failed": true, ended: true, "publications-dropped": true };
  const section = doc.text.split("## When a worker ends")[1]?.split("\n## ")[0] ?? "";
  const documented = [...section.matchAll(/^\| `([\w-]+)` \| [A-Z].+\. \|$/gm)].map(([, code]) => code);
  expect(documented).toEqual(Object.keys(codes));
});

test(
  "the chat of docs/workers.md reaches the guests of every worker, and stops on Ctrl-C",
  { timeout: 60_000 },
  async () => {
    const file = compileProgram("examples/workers/chat.ts", "workers-chat");
    const program = HalyardProcess.of(spawn(process.execPath, [file], { env: { ...process.env, PORT: "0" } }));
    const [, port] = await program.find(/listening on http:\/\/localhost:(\d+)\//);
    const guests = await Promise.all([1, 2, 3, 4, 5].map(() => EchoPeer.connect(`ws://127.0.0.1:${port}/chat`)));
    const [speaker, ...others] = guests;
    speaker?.send("hello");
    speaker?.send(Buffer.from([1, 2]));
    for (const guest of others) {
      expect(await guest.receive()).toBe("hello");
      expect(await guest.receive()).toEqual(Buffer.from([1, 2]));
    }
    program.signal("SIGINT");
    for (const guest of guests) expect((await guest.closed).code).toBe(1001);
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/5 closed, 0 terminated\n$/);
    expect(program.stderr).toBe("");
  },
);
