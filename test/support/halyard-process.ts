import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { defer } from "../../src/internal/deferred.js";
import { runtimeCommand } from "./runtime.js";

/** The built command, as `npx halyard` runs it. */
export const halyardScript: string = join(resolve(import.meta.dirname, "../.."), "dist/cli/main.js");

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A `halyard` command that runs beside a test and ends with it at the latest. */
export class HalyardProcess {
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  /** Fulfilled when the process has ended and all that it wrote has been read. */
  readonly exited: Promise<Exit>;
  /** Fulfilled when the process has ended, also while its output is stalled. */
  readonly exitedAlone: Promise<Exit>;
  stdout = "";
  stderr = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdin?.on("error", () => {}); // EPIPE: the process may end before its input
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#notify();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#notify();
    });
    this.exitedAlone = new Promise((settle) => void child.once("exit", (code, signal) => settle({ code, signal })));
    this.exited = new Promise((settle, fail) => {
      child.once("error", fail);
      child.once("close", (code, signal) => {
        settle({ code, signal });
        this.#notify();
      });
    });
  }

  /** Starts `halyard` with these arguments, as from a shell: without what npm, which may run these tests, has set. */
  static start(...args: string[]): HalyardProcess {
    return HalyardProcess.of(spawnHalyard(args, environmentWithoutNpm()));
  }

  /** Starts `halyard` with these arguments and the environment that `npm start` gives it. */
  static startUnderNpm(...args: string[]): HalyardProcess {
    const env = { ...environmentWithoutNpm(), npm_lifecycle_event: "start" };
    return HalyardProcess.of(spawnHalyard(args, env));
  }

  /** Starts `halyard` with these arguments, and one of its outputs on a disk that is full. */
  static startOnFullDisk(output: "stdout" | "stderr", ...args: string[]): HalyardProcess {
    const disk = openSync("/dev/full", "w");
    const stdio: StdioOptions = ["pipe", output === "stdout" ? disk : "pipe", output === "stderr" ? disk : "pipe"];
    try {
      return HalyardProcess.of(spawnHalyard(args, environmentWithoutNpm(), stdio));
    } finally {
      closeSync(disk);
    }
  }

  /** Watches any process that runs `halyard`; it is killed when the test is over. */
  static of(child: ChildProcess): HalyardProcess {
    const started = new HalyardProcess(child);
    onTestFinished(() => void child.kill("SIGKILL"));
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What matched in stdout, as soon as it is there; fails if the process ends without it. */
  async find(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#find("stdout", pattern);
  }

  /** The same in stderr. */
  async complained(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#find("stderr", pattern);
  }

  async #find(output: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve: settle, reject } = defer<RegExpExecArray>();
    const watch = (): void => {
      const match = pattern.exec(this[output]);
      if (match !== null) settle(match);
      else if (this.#child[output]?.readableEnded !== false)
        reject(new Error(`no ${pattern} in ${this.stdout}${this.stderr}`));
    };
    this.#watchers.add(watch);
    watch();
    return await promise.finally(() => this.#watchers.delete(watch));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends the process's input after `last`, as a pipe does. */
  endInput(last: string | Uint8Array = ""): void {
    this.#child.stdin?.end(last);
  }

  /** Stops reading what the process writes, for good. */
  hangUp(): void {
    this.#child.stdout?.destroy();
  }

  /** Reads no more of what the process writes, without telling it. */
  stall(): void {
    this.#child.stdout?.pause();
  }

  #notify(): void {
    for (const watch of this.#watchers) watch();
  }
}

function spawnHalyard(args: readonly string[], env: NodeJS.ProcessEnv, stdio?: StdioOptions): ChildProcess {
  const [command, ...first] = runtimeCommand;
  return spawn(command, [...first, halyardScript, ...args], { env, stdio: stdio ?? "pipe" });
}

function environmentWithoutNpm(): NodeJS.ProcessEnv {
  const { npm_lifecycle_event: _event, npm_execpath: _path, ...rest } = process.env;
  return rest;
}

/** `halyard serve` once it listens: where, and the process. */
export interface RunningServer {
  readonly url: string;
  readonly echoUrl: string;
  readonly port: number;
  readonly process: HalyardProcess;
}

/** Starts `halyard serve` on a free port, unless `flags` say another, and waits until it listens. */
export async function startServe(...flags: string[]): Promise<RunningServer> {
  return await untilListening(HalyardProcess.start("serve", "--port", "0", ...flags));
}

/** Waits until a server says where it listens, in text or JSON. */
export async function untilListening(process: HalyardProcess): Promise<RunningServer> {
  const [, url = ""] = await process.find(/listening(?: on |.*"url":")(https?:\/\/[^\s"]+)/);
  const echo = new URL("/echo", url.replace(/^http/, "ws"));
  return { url, echoUrl: echo.href, port: Number(echo.port), process };
}
