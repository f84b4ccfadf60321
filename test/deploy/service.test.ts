import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { requirement } from "../support/requirement.js";

const hasSystemd = spawnSync("systemd-analyze", ["--version"], { stdio: "ignore" }).status === 0;
const unit = readFileSync(resolve(import.meta.dirname, "../../docs/deploy/halyard.service"), "utf8");

/** The unit in a file of that name, with the Node of this machine and a script that exists. */
function unitFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "halyard-unit-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "halyard.service");
  writeFileSync(file, unit.replace("/usr/bin/node", process.execPath));
  return file;
}

describe.runIf(requirement("systemd tests: systemd-analyze", hasSystemd, "apt-get install systemd"))(
  "docs/deploy/halyard.service",
  () => {
    test("is one that systemd takes, without a warning", () => {
      const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", unitFile()], { encoding: "utf8" });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    });

    test("leaves the service little to do harm with", () => {
      const said = execFileSync("systemd-analyze", ["security", "--offline=true", unitFile()], { encoding: "utf8" });
      const [, exposure] = /Overall exposure level for halyard\.service: ([\d.]+)/.exec(said) ?? [];
      expect(Number(exposure)).toBeLessThan(2);
    });
  },
);

/** Seconds of a setting of the unit or of Kubernetes, and milliseconds of the example. */
function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1]?.replaceAll("_", ""));
}

test("both leave the server the time that it takes to close", () => {
  const example = readFileSync("examples/deploy/server.ts", "utf8");
  const deadlineMs = numberIn(example, /deadlineMs: ([\d_]+)/);
  expect(numberIn(unit, /TimeoutStopSec=(\d+)/) * 1000).toBeGreaterThan(deadlineMs);
  const pod = readFileSync("docs/deploy/kubernetes.yaml", "utf8");
  const drainDelayMs = numberIn(pod, /DRAIN_DELAY_MS, value: "(\d+)"/);
  expect(numberIn(pod, /terminationGracePeriodSeconds: (\d+)/) * 1000).toBeGreaterThan(drainDelayMs + deadlineMs);
});

test("both set what the example reads", () => {
  const example = readFileSync("examples/deploy/server.ts", "utf8");
  const [, read = ""] = /const \{ (.+) \} = process\.env/.exec(example) ?? [];
  const names = read.split(", ").map((each) => each.split(" ", 1)[0] ?? "");
  const pod = readFileSync("docs/deploy/kubernetes.yaml", "utf8");
  for (const [, name = ""] of pod.matchAll(/\{ name: ([A-Z_]+), value/g)) expect(names).toContain(name);
  const [, environment = ""] = /^Environment=(.+)$/m.exec(unit) ?? [];
  for (const assignment of environment.split(" "))
    expect(["NODE_ENV", ...names]).toContain(assignment.split("=", 1)[0]);
});
