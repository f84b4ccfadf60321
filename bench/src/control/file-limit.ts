import { execFileSync } from "node:child_process";

/** How many files a process that we start may have open; infinity where that cannot be found out. */
export function openFileLimit(): number {
  try {
    const answer = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim();
    return answer === "unlimited" ? Number.POSITIVE_INFINITY : Number(answer);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
