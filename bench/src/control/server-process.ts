import type { Program } from "../peers/peer.js";
import { ChildProgram } from "./child-program.js";
import type { CpuTime, GarbageReport, ServerReport, ServerSettings } from "./messages.js";
import type { Pinning } from "./pinning.js";
import { processUsage } from "./process-usage.js";

/** What every server process of a run shares. */
export interface ServerProcessOptions {
  readonly pinning: Pinning;
  /** Folder for V8 CPU profiles, written when the server ends. */
  readonly profileFolder?: string | undefined;
}

/** What a server has used: CPU time since its start, memory now. */
export interface ServerUsage {
  readonly cpu: CpuTime;
  readonly rssBytes: number;
  /** Since the last look; of servers on Node only. */
  readonly garbage?: GarbageReport;
}

const deadlineMs = 30_000;

/** A server under test, in its own process. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;
  readonly #child: ChildProgram<ServerReport>;

  private constructor(port: number, program: Program, child: ChildProgram<ServerReport>) {
    this.port = port;
    this.#program = program;
    this.#child = child;
  }

  /** Resolves when the server listens. */
  static async start(
    program: Program,
    settings: ServerSettings,
    { pinning, profileFolder }: ServerProcessOptions,
  ): Promise<ServerProcess> {
    const child = new ChildProgram<ServerReport>({
      name: `server ${program.name}`,
      role: "server",
      pinning,
      command: [...withProfile(program, profileFolder), JSON.stringify({ ...program.settings, ...settings })],
      ...(program.env !== undefined && { env: program.env }),
    });
    try {
      const { port } = await child.next("listening", deadlineMs);
      return new ServerProcess(port, program, child);
    } catch (error) {
      await child.end();
      throw error;
    }
  }

  async usage(): Promise<ServerUsage> {
    if (this.#program.runtime === "node") return this.#child.ask("usage", "usage", deadlineMs);
    return processUsage(this.#child.pid);
  }

  /** Has garbage collected where there is a collector that can be asked, and tells the memory that is then resident. */
  async heldBytes(): Promise<number> {
    if (this.#program.runtime !== "native") await this.#child.ask("gc", "collected", deadlineMs);
    return (await this.usage()).rssBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.end();
  }
}

function withProfile({ name, runtime, command }: Program, folder: string | undefined): readonly string[] {
  const [runner = "", ...rest] = command;
  if (folder === undefined || runtime !== "node") return command;
  return [
    runner,
    "--cpu-prof",
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`,
    ...rest,
  ];
}
