import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { pinnedCommand, type Pinning, type Role } from "./pinning.js";

/** What to run, and how. */
export interface ChildProgramOptions {
  /** What error messages call it. */
  readonly name: string;
  readonly role: Role;
  readonly pinning: Pinning;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

type Outcome = { readonly report: unknown } | { readonly error: Error };

/** Started and not yet ended. A benchmark that dies takes them along. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * A program in its own process that answers one request at a time: requests are lines on its standard input, reports are lines of
 * JSON on its standard output, which any language can do. It ends when its input does.
 */
export class ChildProgram<Report extends { readonly kind: string }> {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #early: Outcome[] = [];
  #waiting: ((outcome: Outcome) => void) | undefined;

  constructor({ name, role, pinning, command, env }: ChildProgramOptions) {
    const [program = "", ...rest] = pinnedCommand(pinning, role, command);
    this.#name = name;
    // taskset replaces itself by the program: the process id stays.
    this.#process = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
    running.add(this.#process);
    if (this.#process.stdout !== null) {
      createInterface({ input: this.#process.stdout }).on("line", (line) => this.#settle(outcomeOf(name, line)));
    }
    // A program that has ended is reported by its exit.
    this.#process.stdin?.on("error", () => {});
    this.#process.on("error", (error) => this.#settle({ error }));
    this.#ended = new Promise((resolve) => {
      this.#process.on("error", () => resolve());
      this.#process.on("close", (code, signal) => {
        running.delete(this.#process);
        this.#settle({ error: new Error(`${name} ended (${signal ?? `exit code ${code}`})`) });
        resolve();
      });
    });
  }

  /** The process id; NaN when it could not be started. */
  get pid(): number {
    return this.#process.pid ?? Number.NaN;
  }

  /** The next report, which must be of `kind`. Rejects after `deadlineMs`, and when the program fails or ends. */
  async next<Kind extends Report["kind"]>(kind: Kind, deadlineMs: number): Promise<Extract<Report, { kind: Kind }>> {
    const outcome = await this.#nextOutcome(deadlineMs);
    if ("error" in outcome) throw outcome.error;
    if (!isOfKind(outcome.report, kind)) {
      throw new Error(`${this.#name}: expected "${kind}", got ${JSON.stringify(outcome.report)}`);
    }
    // The other side is this benchmark's own code: its kind tells its shape.
    return outcome.report as Extract<Report, { kind: Kind }>;
  }

  /** Sends a line and waits for its answer, as `next` does. */
  ask<Kind extends Report["kind"]>(
    request: string,
    kind: Kind,
    deadlineMs: number,
  ): Promise<Extract<Report, { kind: Kind }>> {
    this.#process.stdin?.write(`${request}\n`);
    return this.next(kind, deadlineMs);
  }

  /** Lets the program exit by itself, which it does when its input ends, and kills it after a second. */
  async end(): Promise<void> {
    this.#process.stdin?.end();
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 1000);
    await this.#ended;
    clearTimeout(timer);
  }

  #nextOutcome(deadlineMs: number): Promise<Outcome> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    return new Promise((resolve) => {
      const late = { error: new Error(`${this.#name} did not answer within ${deadlineMs} ms`) };
      const timer = setTimeout(() => this.#settle(late), deadlineMs);
      this.#waiting = (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
    });
  }

  #settle(outcome: Outcome): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#early.push(outcome);
    else waiting(outcome);
  }
}

function outcomeOf(name: string, line: string): Outcome {
  try {
    return { report: JSON.parse(line) };
  } catch {
    return { error: new Error(`${name} printed what is not a report: ${line.slice(0, 200)}`) };
  }
}

function isOfKind(report: unknown, kind: string): boolean {
  return typeof report === "object" && report !== null && "kind" in report && report.kind === kind;
}
