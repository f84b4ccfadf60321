import { execFileSync, spawn } from "node:child_process";
import { HalyardProcess } from "./halyard-process.js";
import { requirement } from "./requirement.js";

export const CTRL_C = "\u0003";
export const CTRL_D = "\u0004";

function hasScript(): boolean {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
}

/** Whether terminals can be tested here; call it while tests are being collected. */
export function terminalsAvailable(): boolean {
  return requirement("terminal tests: script", hasScript(), "apt-get install bsdutils");
}

/**
 * Runs a command in a terminal of its own; what is typed goes to the terminal's keyboard. `script` starts it through a shell,
 * which must step aside: Debian's sh would wait for the command, take the Ctrl-C as well, and answer 130 in its place.
 */
export function runInTerminal(
  command: string,
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): HalyardProcess {
  const args = ["--quiet", "--return", "--command", `exec ${command}`, "/dev/null"];
  return HalyardProcess.of(spawn("script", args, { cwd, env: { ...process.env, SHELL: "/bin/sh", ...environment } }));
}
