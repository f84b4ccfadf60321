import { setTimeout as delay } from "node:timers/promises";
import { isAlive, type WorkersProgram } from "../../support/workers-program.js";
import { below, isTrueFor, oneOf } from "./chance.js";

/** What may happen to a worker. */
type Mishap = (pid: number) => void | Promise<void>;

/** Those that end it. */
const ends: readonly Mishap[] = [
  (pid) => void process.kill(pid, "SIGKILL"),
  (pid) => void process.kill(pid, "SIGTERM"), // it drains
  async (pid) => {
    await freeze(pid);
    process.kill(pid, "SIGKILL"); // with what was handed to it meanwhile
  },
];

/** And one that does not. */
const pause: Mishap = async (pid) => {
  await freeze(pid);
  process.kill(pid, "SIGCONT");
};

async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await delay(below(300));
}

/** Mishaps of the workers of a program, one after the other; and whom they have ended. */
export class Upheaval {
  readonly #program: WorkersProgram;
  /** When, on the clock of `performance`. */
  readonly #endedAtMs = new Map<number, number>();

  constructor(program: WorkersProgram) {
    this.#program = program;
  }

  /** How many it has ended. */
  get count(): number {
    return this.#endedAtMs.size;
  }

  hasEnded(pid: number): boolean {
    return this.#endedAtMs.has(pid);
  }

  hasEndedAnySince(ms: number): boolean {
    return [...this.#endedAtMs.values()].some((each) => each >= ms);
  }

  /** Goes on until `endMs`; never ends the last worker that serves. */
  async go(endMs: number, meanPauseMs: number): Promise<void> {
    for (;;) {
      await delay(below(2 * meanPauseMs));
      if (performance.now() > endMs) return;
      const serving = this.#serving();
      const pid = oneOf(serving);
      if (isTrueFor(0.3)) await pause(pid);
      else if (serving.length > 1) {
        this.#endedAtMs.set(pid, performance.now());
        await oneOf(ends)(pid);
      }
    }
  }

  #serving(): number[] {
    const listened = this.#program.said.filter(({ role }) => role === "worker").map(({ pid }) => Number(pid));
    return listened.filter((pid) => !this.hasEnded(pid) && isAlive(pid));
  }
}
