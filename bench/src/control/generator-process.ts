import type { Target } from "../generator/echo-connection.js";
import type { LoadReport } from "../generator/echo-load.js";
import type { EchoWorkload } from "../workloads.js";
import { ChildProgram } from "./child-program.js";
import type { GeneratorReport, GeneratorRequest } from "./messages.js";
import type { Pinning } from "./pinning.js";

const deadlineMs = 10_000;

/** The load generator, in its own process. */
export class GeneratorProcess implements AsyncDisposable {
  readonly #program: ChildProgram<GeneratorRequest, GeneratorReport>;

  private constructor(program: ChildProgram<GeneratorRequest, GeneratorReport>) {
    this.#program = program;
  }

  /** Resolves when the generator takes requests. */
  static async start(pinning: Pinning): Promise<GeneratorProcess> {
    const program = new ChildProgram<GeneratorRequest, GeneratorReport>({
      name: "generator",
      role: "generator",
      pinning,
      program: new URL("../generator/main.js", import.meta.url),
    });
    try {
      await program.next("ready", deadlineMs);
      return new GeneratorProcess(program);
    } catch (error) {
      await program.end();
      throw error;
    }
  }

  /** Opens the workload's connections. */
  async connect(workload: EchoWorkload, target: Target): Promise<void> {
    await this.#program.ask({ kind: "connect", workload, target }, "connected", deadlineMs);
  }

  /** Loads the server for `durationMs`; resolves when everything sent was answered. */
  load(durationMs: number): Promise<LoadReport> {
    return this.#program.ask({ kind: "load", durationMs }, "loaded", durationMs + deadlineMs);
  }

  /** Drops the connections. */
  async disconnect(): Promise<void> {
    await this.#program.ask({ kind: "disconnect" }, "disconnected", deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.end();
  }
}
