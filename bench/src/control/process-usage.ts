import { readFileSync } from "node:fs";
import type { CpuTime } from "./messages.js";

/** A process as Linux shows it: for programs that cannot tell of themselves. */
export interface ProcessUsage {
  readonly cpu: CpuTime;
  readonly rssBytes: number;
}

/** Linux counts in hundredths of a second for user space, on every architecture that Node runs on. */
const TICK_US = 10_000;

/** CPU time of all its threads since its start, and resident memory. Throws where there is no /proc. */
export function processUsage(pid: number): ProcessUsage {
  return {
    cpu: cpuOf(readFileSync(`/proc/${pid}/stat`, "latin1")),
    rssBytes: rssOf(readFileSync(`/proc/${pid}/status`, "latin1")),
  };
}

/** Fields 14 and 15 of proc(5); the second field is the program's name in brackets, which may hold anything. */
export function cpuOf(stat: string): CpuTime {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { user: Number(fields[11]) * TICK_US, system: Number(fields[12]) * TICK_US };
}

/** `VmRSS:    1234 kB`, in bytes. */
export function rssOf(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}
