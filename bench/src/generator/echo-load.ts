import type { EchoWorkload } from "../workloads.js";
import { EchoConnection, type ReplySink, type Target } from "./echo-connection.js";
import type { CpuTime } from "../measurement.js";

/** What one stretch of load did. Everything sent was answered. */
export interface LoadReport {
  readonly messages: number;
  readonly comparedMessages: number;
  readonly elapsedMs: number;
  readonly cpu: CpuTime;
}

interface Run {
  readonly onSettled: (error: Error | undefined) => void;
  isSending: boolean;
  messages: number;
  unanswered: number;
}

/**
 * The connections of a workload, loaded for a while as often as wanted.
 *
 * Every stretch ends only when the last reply is in: the server is idle before and after it, and its CPU time between the two
 * belongs to exactly the messages counted.
 */
export class EchoLoad implements ReplySink {
  readonly #workload: EchoWorkload;
  readonly #connections: EchoConnection[];
  #run: Run | undefined;
  #failure: Error | undefined;

  constructor(workload: EchoWorkload) {
    this.#workload = workload;
    this.#connections = Array.from({ length: workload.connections }, () => new EchoConnection(workload, this));
  }

  /** Opens every connection, one after the other. */
  async open(target: Target): Promise<void> {
    for (const connection of this.#connections) await connection.open(target);
  }

  /** Keeps `inFlight` messages on every connection for `durationMs`, then waits for what is unanswered. */
  async run(durationMs: number): Promise<LoadReport> {
    if (this.#failure !== undefined) throw this.#failure;
    const comparedBefore = this.#compared();
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    const messages = await this.#exchange(durationMs);
    return {
      messages,
      comparedMessages: this.#compared() - comparedBefore,
      elapsedMs: performance.now() - startedAt,
      cpu: process.cpuUsage(cpuBefore),
    };
  }

  /** Drops every connection. */
  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  onReplies(connection: EchoConnection, count: number): void {
    const run = this.#run;
    if (run === undefined) return this.onFailure(new Error("a reply arrived that nobody waited for"));
    run.messages += count;
    if (run.isSending) {
      connection.send(count);
      return;
    }
    run.unanswered -= count;
    if (run.unanswered === 0) run.onSettled(undefined);
  }

  onFailure(error: Error): void {
    this.#failure ??= error;
    this.#run?.onSettled(error);
  }

  /** Resolves with the number of messages when the last of them is answered. */
  #exchange(durationMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const { connections, inFlight } = this.#workload;
      const run: Run = {
        isSending: true,
        messages: 0,
        unanswered: connections * inFlight,
        onSettled: (error) => {
          clearTimeout(timer);
          this.#run = undefined;
          if (error === undefined) resolve(run.messages);
          else reject(error);
        },
      };
      const timer = setTimeout(() => (run.isSending = false), durationMs);
      this.#run = run;
      for (const connection of this.#connections) connection.send(inFlight);
    });
  }

  #compared(): number {
    return this.#connections.reduce((sum, connection) => sum + connection.compared, 0);
  }
}
