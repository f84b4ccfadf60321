import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** How a program says that a connection was closed. */
export interface SeenClosing {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** A WebSocket server in a program of its own, which says in lines of JSON what it sees. It ends with the test. */
export class EchoProgram {
  readonly port: number;
  readonly #lines: AsyncIterator<string, unknown>;

  private constructor(port: number, lines: AsyncIterator<string, unknown>) {
    this.port = port;
    this.#lines = lines;
  }

  /** Starts the program, which says its port first. */
  static async start(command: string, ...args: readonly string[]): Promise<EchoProgram> {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill());
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first: unknown = (await lines.next()).value;
    return new EchoProgram((JSON.parse(String(first)) as { port: number }).port, lines);
  }

  /** How the next connection that ended was closed, as the server saw it. */
  async closing(): Promise<SeenClosing> {
    const line: unknown = (await this.#lines.next()).value;
    return JSON.parse(String(line)) as SeenClosing;
  }
}
