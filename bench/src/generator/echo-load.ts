import type { LoadReport } from "../control/messages.js";
import { EchoConnection, type ReplySink } from "./echo-connection.js";
import type { Load } from "./load.js";
import { MessageRing } from "./message-ring.js";
import { ClosedLoop, OpenLoop, type Pace } from "./pace.js";
import type { EchoShape, Target } from "./settings.js";
import { measured } from "./stretch.js";

interface Run {
  readonly pace: Pace;
  readonly onFailure: (error: Error) => void;
}

/**
 * The connections of a workload, loaded for a while as often as wanted.
 *
 * Every stretch ends only when the last reply is in: the server is idle before and after it, and its CPU time between the two
 * belongs to exactly the messages counted.
 */
export class EchoLoad implements Load, ReplySink {
  readonly #shape: EchoShape;
  readonly #connections: readonly EchoConnection[];
  #run: Run | undefined;
  #failure: Error | undefined;

  constructor(shape: EchoShape) {
    this.#shape = shape;
    this.#connections = Array.from(
      { length: shape.connections },
      (_, place) => new EchoConnection(new MessageRing(shape), this, place),
    );
  }

  /** Opens every connection, one after the other. */
  async open(target: Target): Promise<void> {
    for (const connection of this.#connections) await connection.open(target);
  }

  async run(durationMs: number, rate?: number): Promise<LoadReport> {
    if (this.#failure !== undefined) throw this.#failure;
    const pace =
      rate === undefined
        ? new ClosedLoop(this.#connections, this.#shape.inFlight, durationMs)
        : new OpenLoop(this.#connections, rate, durationMs);
    const comparedBefore = this.#compared();
    return measured(async () => {
      await this.#exchange(pace);
      const { messages, latency } = pace;
      return { messages, comparedMessages: this.#compared() - comparedBefore, latency };
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  onReplies(connection: EchoConnection, count: number): void {
    if (this.#run === undefined) return this.onFailure(new Error("a reply arrived that nobody waited for"));
    this.#run.pace.onReplies(connection, count);
  }

  onFailure(error: Error): void {
    this.#failure ??= error;
    this.#run?.onFailure(error);
  }

  /** Resolves when the last message is answered. */
  async #exchange(pace: Pace): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#run = { pace, onFailure: reject };
        pace.begin(resolve);
      });
    } finally {
      pace.end();
      this.#run = undefined;
    }
  }

  #compared(): number {
    return this.#connections.reduce((sum, connection) => sum + connection.compared, 0);
  }
}
