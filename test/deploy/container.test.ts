import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { compileProgram } from "../examples/program.js";
import { HalyardProcess } from "../support/halyard-process.js";

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** The instructions of a Containerfile: comments left out, lines that go on joined. */
function instructionsOf(text: string): Instruction[] {
  const lines = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line !== "");
  return lines.map((line) => {
    const [, name = "", value = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    return { name, value };
  });
}

const all = instructionsOf(readFileSync(resolve(import.meta.dirname, "../../docs/deploy/Containerfile"), "utf8"));
const valuesOf = (name: string): string[] => all.filter((each) => each.name === name).map(({ value }) => value);

/** The command in what follows `CMD`, which is JSON: no shell takes part in it. */
function commandOf(value: string): string[] {
  return JSON.parse(value.slice(value.indexOf("["))) as string[];
}

describe("docs/deploy/Containerfile", () => {
  test("has instructions that there are, the base image first", () => {
    const known = ["FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "CMD"];
    for (const { name } of all) expect(known).toContain(name);
    expect(all[0]).toEqual({ name: "FROM", value: "node:24-slim AS packages" });
    expect(valuesOf("FROM").at(-1)).toBe("node:24-slim");
  });

  test("copies what the reader has, or what an earlier stage has made", () => {
    const own = ["package.json", "package-lock.json", "server.js"];
    const stages = valuesOf("FROM").map((value) => value.split(" AS ")[1]);
    for (const value of valuesOf("COPY")) {
      const words = value.split(" ");
      const [, stage] = /^--from=(\w+)$/.exec(words[0] ?? "") ?? [];
      if (stage !== undefined) expect(stages).toContain(stage);
      else for (const source of words.slice(0, -1)) expect(own).toContain(source);
    }
  });

  test("does not run as root, and starts node itself, which gets the signal to stop", () => {
    const last = all.slice(all.findLastIndex(({ name }) => name === "FROM"));
    expect(last.findLast(({ name }) => name === "USER")).toEqual({ name: "USER", value: "node" });
    expect(last.findLastIndex(({ name }) => name === "USER")).toBeGreaterThan(
      last.findLastIndex(({ name }) => name === "COPY"),
    );
    expect(commandOf(valuesOf("CMD")[0] ?? "")).toEqual(["node", "server.js"]);
    expect(valuesOf("STOPSIGNAL")).toEqual(["SIGTERM"]);
  });

  test("has a health check that says how the server of docs/deploy.md is", { timeout: 30_000 }, async () => {
    const file = compileProgram("examples/deploy/server.ts", "container-server");
    const server = HalyardProcess.of(spawn(process.execPath, [file], { env: { ...process.env, PORT: "0" } }));
    const [, port = ""] = await server.find(/listening on \S+:(\d+)\//);
    const [command, ...args] = commandOf(valuesOf("HEALTHCHECK")[0] ?? "").map((each) => each.replace("8080", port));
    const isHealthy = async (): Promise<unknown> => {
      const child = spawn(command === "node" ? process.execPath : "", args, { stdio: "ignore" });
      return (await once(child, "exit"))[0];
    };
    expect(await isHealthy()).toBe(0);
    server.signal("SIGTERM");
    await server.exited;
    expect(await isHealthy()).toBe(1);
  });
});
