import { spawn } from "node:child_process";
import { vi } from "vitest";
import { EchoPeer } from "./echo-peer.js";
import { HalyardProcess } from "./halyard-process.js";

type Said = Readonly<Record<string, unknown>>;

/** What a program may be started with. */
export interface ProgramStart {
  readonly args?: readonly string[];
  readonly execArgs?: readonly string[];
  readonly mishap?: string;
}

/** A program of several processes that says on stdout, in lines of JSON, what happens in each. */
export class WorkersProgram {
  readonly process: HalyardProcess;

  private constructor(process: HalyardProcess) {
    this.process = process;
  }

  static start(file: string, { args = [], execArgs = [], mishap = "" }: ProgramStart = {}): WorkersProgram {
    const env = { ...process.env, HALYARD_TEST_MISHAP: mishap };
    return new WorkersProgram(HalyardProcess.of(spawn(process.execPath, [...execArgs, file, ...args], { env })));
  }

  /** What it has said so far; a line that is not complete yet is left out. */
  get said(): Said[] {
    const lines = this.process.stdout.split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Said);
  }

  /** All that it has said of this kind, as soon as there are `count`. */
  async hear(kind: string, count = 1): Promise<unknown[]> {
    const found = (): unknown[] => this.said.flatMap((each) => (kind in each ? [each[kind]] : []));
    await this.process.find(new RegExp(`(?:^\\{"${kind}":[^]*?){${count}}\\n`, "m"));
    return found();
  }

  /** The ids of the worker processes that have listened, as soon as there are `count`. */
  async workers(count: number): Promise<number[]> {
    await this.process.find(new RegExp(`(?:"role":"worker".*\\n[^]*?){${count}}`));
    return this.said.filter(({ role }) => role === "worker").map(({ pid }) => Number(pid));
  }

  /** Where it listens, once it does. */
  async port(): Promise<number> {
    const [, port] = await this.process.find(/"role":"primary".*"port":(\d+)/);
    return Number(port);
  }

  /** Connections to `path` in order, until each of `count` workers has one at least; and the worker of each. */
  async peersOfAll(path: string, count: number): Promise<{ readonly peer: EchoPeer; readonly pid: number }[]> {
    const url = `ws://127.0.0.1:${await this.port()}${path}`;
    const peers: { readonly peer: EchoPeer; readonly pid: number }[] = [];
    while (new Set(peers.map(({ pid }) => pid)).size < count) {
      const peer = await EchoPeer.connect(url);
      peers.push({ peer, pid: Number(await peer.receive()) });
    }
    return peers;
  }
}

/** Whether this process is there; one that has ended and not been waited for is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when none of these processes is there any more. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  await vi.waitFor(
    () => {
      const left = pids.filter(isAlive);
      if (left.length > 0) throw new Error(`processes ${left.join(", ")} are there still`);
    },
    { timeout: 15_000 },
  );
}
