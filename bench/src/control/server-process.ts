import type { Peer } from "../peers.js";
import { ChildProgram } from "./child-program.js";
import type { ServerReport, ServerRequest } from "./messages.js";
import type { Pinning } from "./pinning.js";

/** What every server process of a run shares. */
export interface ServerProcessOptions {
  readonly pinning: Pinning;
  /** Folder for V8 CPU profiles, written when the server ends. */
  readonly profileFolder?: string | undefined;
}

const deadlineMs = 10_000;

/** A server under test, in its own process. */
export class ServerProcess implements AsyncDisposable {
  readonly peer: Peer;
  readonly port: number;
  readonly #program: ChildProgram<ServerRequest, ServerReport>;

  private constructor(peer: Peer, port: number, program: ChildProgram<ServerRequest, ServerReport>) {
    this.peer = peer;
    this.port = port;
    this.#program = program;
  }

  /** Resolves when the server listens. */
  static async start(peer: Peer, { pinning, profileFolder }: ServerProcessOptions): Promise<ServerProcess> {
    const program = new ChildProgram<ServerRequest, ServerReport>({
      name: `server ${peer.id}`,
      role: "server",
      pinning,
      program: new URL(`../servers/${peer.program}.js`, import.meta.url),
      programArguments: peer.programArguments,
      nodeArguments: profileArguments(peer, profileFolder),
    });
    try {
      const { port } = await program.next("listening", deadlineMs);
      return new ServerProcess(peer, port, program);
    } catch (error) {
      await program.end();
      throw error;
    }
  }

  /** CPU time since the start of the process, and memory now. */
  usage(): Promise<Extract<ServerReport, { kind: "usage" }>> {
    return this.#program.ask({ kind: "usage" }, "usage", deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.end();
  }
}

function profileArguments(peer: Peer, folder: string | undefined): readonly string[] {
  if (folder === undefined) return [];
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${peer.id}-${Date.now()}.cpuprofile`];
}
