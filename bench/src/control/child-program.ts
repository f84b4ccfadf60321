import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pinnedCommand, type Pinning, type Role } from "./pinning.js";

/** What to run, and how. */
export interface ChildProgramOptions {
  /** What error messages call it. */
  readonly name: string;
  readonly role: Role;
  readonly pinning: Pinning;
  readonly program: URL;
  readonly programArguments?: readonly string[];
  readonly nodeArguments?: readonly string[];
}

type Outcome = { readonly report: unknown } | { readonly error: Error };

/** Started and not yet ended. A benchmark that dies takes them along. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A Node program in its own process that answers one request at a time over IPC. */
export class ChildProgram<Request extends object, Report extends { readonly kind: string }> {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #early: Outcome[] = [];
  #waiting: ((outcome: Outcome) => void) | undefined;

  constructor({ name, role, pinning, program, programArguments = [], nodeArguments = [] }: ChildProgramOptions) {
    const node = [process.execPath, ...nodeArguments, fileURLToPath(program), ...programArguments];
    const [command = process.execPath, ...rest] = pinnedCommand(pinning, role, node);
    this.#name = name;
    // taskset replaces itself by node: the process id and the IPC channel stay.
    this.#process = spawn(command, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    running.add(this.#process);
    this.#process.on("message", (report) => this.#settle({ report }));
    this.#process.on("error", (error) => this.#settle({ error }));
    this.#ended = new Promise((resolve) => {
      this.#process.on("exit", (code, signal) => {
        running.delete(this.#process);
        this.#settle({ error: new Error(`${name} ended (${signal ?? `exit code ${code}`})`) });
        resolve();
      });
    });
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

  /** Sends a request and waits for its answer, as `next` does. */
  ask<Kind extends Report["kind"]>(
    request: Request,
    kind: Kind,
    deadlineMs: number,
  ): Promise<Extract<Report, { kind: Kind }>> {
    this.#process.send(request);
    return this.next(kind, deadlineMs);
  }

  /** Lets the program exit by itself, which it does when the channel closes, and kills it after a second. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
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

function isOfKind(report: unknown, kind: string): boolean {
  return typeof report === "object" && report !== null && "kind" in report && report.kind === kind;
}
