import type { Program } from "../peers/peer.js";
import { ChildProgram } from "./child-program.js";
import type { GeneratorReport, LoadReport } from "./messages.js";
import type { Pinning, Role } from "./pinning.js";
import { processUsage } from "./process-usage.js";

const deadlineMs = 60_000;
/** What a handshake over TLS takes at both ends on a slow machine. */
const handshakeMs = 20;

/** What `open` of a generator takes; see bench/generator/main.c. */
export type OpenSettings = Readonly<Record<string, string | number | undefined>>;

/** The load generator, in its own process; or a client under test, which is driven the same way. */
export class GeneratorProcess implements AsyncDisposable {
  readonly #child: ChildProgram<GeneratorReport>;

  private constructor(child: ChildProgram<GeneratorReport>) {
    this.#child = child;
  }

  /** Resolves when the generator takes requests. */
  static async start(program: Program, pinning: Pinning, role: Role = "generator"): Promise<GeneratorProcess> {
    const child = new ChildProgram<GeneratorReport>({
      name: program.name,
      role,
      pinning,
      command: program.command,
      ...(program.env !== undefined && { env: program.env }),
    });
    try {
      await child.next("ready", deadlineMs);
      return new GeneratorProcess(child);
    } catch (error) {
      await child.end();
      throw error;
    }
  }

  /** Opens the workload's connections. */
  async open(settings: OpenSettings): Promise<void> {
    const handshakesMs = Number(settings["connections"] ?? 0) * handshakeMs;
    await this.#child.ask(commandLine("open", settings), "connected", deadlineMs + handshakesMs);
  }

  /**
   * Loads the server for `durationMs`, at `rate` messages a second or as fast as it answers; resolves when everything sent was
   * answered.
   */
  load(durationMs: number, rate?: number): Promise<LoadReport> {
    return this.#child.ask(commandLine("load", { ms: durationMs, rate }), "loaded", durationMs + deadlineMs);
  }

  /** Has a client collect its garbage where that can be asked, and tells the memory that is then resident. */
  async heldBytes(): Promise<number> {
    await this.#child.ask("gc", "collected", deadlineMs);
    return processUsage(this.#child.pid).rssBytes;
  }

  /** Drops the connections. */
  async close(): Promise<void> {
    await this.#child.ask("close", "disconnected", deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.end();
  }
}

/** `open mode=echo port=8080`; spaces in values are written as %20. */
export function commandLine(command: string, settings: OpenSettings): string {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return [command, ...given.map(([name, value]) => `${name}=${String(value).replaceAll(" ", "%20")}`)].join(" ");
}
