import { readdirSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { compileProgram } from "../examples/program.js";
import { isAlive, untilGone, WorkersProgram } from "../support/workers-program.js";
import { converse, echo, Loss } from "./soak/clients-of-workers.js";
import { Upheaval } from "./soak/upheaval.js";

/** `npm run proof:workers` takes ten minutes; each change is tested for some seconds. */
const minutes = Number(process.env["HALYARD_WORKERS_MINUTES"] ?? 0.15);
/** Between two mishaps. Who has not lived for ten seconds is replaced the later. */
const MEAN_PAUSE_MS = 1_200;
/** Between a signal and what comes of it for the last of those whom it hits. */
const AFTERMATH_MS = 2_000;

function start(): WorkersProgram {
  const file = compileProgram("test/package/workers.fixture.ts", "dying-workers");
  const program = WorkersProgram.start(file, { args: ["0", "3"] });
  onTestFinished(() => {
    for (const pid of startedBy(program)) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  });
  return program;
}

function startedBy({ said }: WorkersProgram): number[] {
  return said.flatMap(({ started }) => (started === undefined ? [] : [Number(started)]));
}

/** How many files and connections a process has open. */
function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

test(
  `workers that end at any time, for ${minutes * 60} seconds, take their own connections with them and nothing else`,
  { timeout: (minutes + 2) * 60_000 },
  async () => {
    const program = start();
    const url = `ws://127.0.0.1:${await program.port()}`;
    const filesAtFirst = openFiles(program.process.pid);
    const upheaval = new Upheaval(program);
    const endMs = performance.now() + minutes * 60_000;
    const losses = new Map<string, number>();
    let visits = 0;

    /** A loss is as it should be where the worker has ended, or, with one not known yet, any. */
    const comeAgain = async (visit: (url: string) => Promise<void>): Promise<void> => {
      for (; performance.now() < endMs; visits++) {
        const startMs = performance.now();
        try {
          await visit(url);
        } catch (error) {
          if (!(error instanceof Loss)) throw error;
          const isAsItShouldBe =
            error.pid === undefined ? upheaval.hasEndedAnySince(startMs - AFTERMATH_MS) : upheaval.hasEnded(error.pid);
          if (!isAsItShouldBe) throw error;
          losses.set(error.message, (losses.get(error.message) ?? 0) + 1);
        }
      }
    };
    const visitors = [...Array.from({ length: 8 }, () => echo), ...Array.from({ length: 6 }, () => converse)];
    await Promise.all([upheaval.go(endMs, MEAN_PAUSE_MS), ...visitors.map(comeAgain)]);

    console.log(`${visits} visits, ${upheaval.count} workers ended; lost:`, losses);
    await vi.waitFor(() => expect(openFiles(program.process.pid)).toBeLessThanOrEqual(filesAtFirst), AFTERMATH_MS);
    program.process.signal("SIGINT");
    expect(await program.process.exited).toEqual({ code: 0, signal: null });
    await untilGone(startedBy(program));
    expect(program.process.stderr).toBe("");
  },
);
