import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** What a process of the benchmark is for: each gets a core of its own where there are two. */
export type Role = "server" | "generator";

const coreOf = { server: 0, generator: 1 } as const satisfies Record<Role, number>;

/** Whether, and if not why not, the processes are held on their cores. */
export type Pinning = { readonly kind: "pinned" } | { readonly kind: "free"; readonly why: string };

/** Tries `taskset` once on both cores. */
export function detectPinning(): Pinning {
  if (availableParallelism() < 2) return { kind: "free", why: "there is only one core" };
  const pinsTo = (core: number): boolean => spawnSync("taskset", ["-c", `${core}`, "true"]).status === 0;
  return Object.values(coreOf).every(pinsTo)
    ? { kind: "pinned" }
    : { kind: "free", why: "taskset is missing or may not use the cores 0 and 1" };
}

/** The command line that runs `command` on the core of `role`. */
export function pinnedCommand(pinning: Pinning, role: Role, command: readonly string[]): readonly string[] {
  return pinning.kind === "pinned" ? ["taskset", "-c", `${coreOf[role]}`, ...command] : command;
}

/** One line for the head of the report. */
export function describePinning(pinning: Pinning): string {
  return pinning.kind === "pinned"
    ? `server on core ${coreOf.server}, generator on core ${coreOf.generator} (taskset)`
    : `processes are not pinned: ${pinning.why}`;
}
