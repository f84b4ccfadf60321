import { type TimerOwner, type TimerWheel, WheelTimer } from "../../connection/index.js";
import type { DrainReport } from "../drain.js";
import { closeTimeOf, type ResolvedServerCloseOptions } from "../server-close.js";
import type { Publication } from "../topic.js";
import { type Channel, PublicationLine } from "./publication-line.js";
import type { ProcessEnd, WorkerIdentity } from "./worker-error.js";
import { type FromWorker, openEnvelope, type ToWorker } from "./worker-message.js";

/** A process that was forked: a worker of `node:cluster`. */
export interface WorkerProcess extends Channel {
  readonly process: { readonly pid?: number | undefined; kill(signal: "SIGKILL"): unknown };
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "exit", listener: (exitCode: number | null, signal: string | null) => void): unknown;
  on(event: "error", listener: () => void): unknown;
}

/** Where a worker listens. */
export interface ListeningAt {
  readonly url: string;
  readonly port: number;
}

/** Who is told what becomes of a worker. */
export interface RunOwner {
  onListening(run: WorkerRun, at: ListeningAt): void;
  onFailed(run: WorkerRun, cause: Error): void;
  /** It asks to be closed. */
  onLeave(run: WorkerRun): void;
  /** It takes no new connections any more. */
  onClosing(run: WorkerRun): void;
  onPublications(run: WorkerRun, publications: readonly Publication[]): void;
  onBehind(run: WorkerRun): void;
  onEnded(run: WorkerRun, end: ProcessEnd): void;
}

/** Where a worker is: `"closed"` once it has reported how its connections ended. */
export type RunState = "starting" | "serving" | "closing" | "closed" | "ended";

/** How long a worker may take beyond its own deadline to end, in milliseconds: its program may have something to put away. */
const END_GRACE_MS = 2_000;

/** How long a worker may take until it listens, in milliseconds. */
export const START_MS = 60_000;

/** One process of a worker, from its start to its end. */
export class WorkerRun implements TimerOwner {
  readonly identity: WorkerIdentity;
  readonly startedAtMs: number;
  readonly #worker: WorkerProcess;
  readonly #line: PublicationLine<ToWorker>;
  readonly #owner: RunOwner;
  readonly #timers: TimerWheel;
  readonly #timer: WheelTimer = new WheelTimer(this);
  #state: RunState = "starting";
  #isLate = false;
  #report: DrainReport = { closed: 0, terminated: 0 };

  constructor(workerId: number, worker: WorkerProcess, owner: RunOwner, timers: TimerWheel, nowMs: number) {
    this.identity = { workerId, pid: worker.process.pid };
    this.startedAtMs = nowMs;
    this.#worker = worker;
    this.#owner = owner;
    this.#timers = timers;
    this.#line = new PublicationLine(worker, () => owner.onBehind(this));
    worker.on("message", (message) => this.#onMessage(openEnvelope(message) as FromWorker | undefined));
    worker.on("exit", (exitCode, signal) => this.#end(signal === null ? exitCode : null, signal));
    // An error of a process that runs, as of a signal that could not be sent, changes nothing.
    worker.on("error", () => {
      if (worker.process.pid === undefined) this.#end(null, null);
    });
    this.#timers.arm(this.#timer, START_MS);
  }

  get state(): RunState {
    return this.#state;
  }

  /** Whether it was killed because it did not listen in time. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** How its connections ended. Those of a worker that ends before it has closed them count as terminated, if it has begun to. */
  get report(): DrainReport {
    return this.#report;
  }

  publish(publication: Publication): void {
    if (this.#state === "serving" || this.#state === "closing") this.#line.publish(publication);
  }

  /** Has it close its connections and end. One that does not listen yet has none, and ends at once. */
  close(options: ResolvedServerCloseOptions): void {
    if (this.#state === "starting") this.kill();
    if (this.#state !== "serving") return;
    this.#line.send({ kind: "close", options });
    this.#endWithin(closeTimeOf(options) + END_GRACE_MS);
  }

  kill(): void {
    this.#worker.process.kill("SIGKILL");
  }

  /** It did not listen, or did not end, in time. */
  onDue(): void {
    this.#isLate = this.#state === "starting";
    this.kill();
  }

  #endWithin(ms: number): void {
    this.#timers.arm(this.#timer, ms);
  }

  #onMessage(message: FromWorker | undefined): void {
    switch (message?.kind) {
      case "listening":
        this.#state = "serving";
        this.#timers.disarm(this.#timer);
        this.#owner.onListening(this, message);
        break;
      case "failed":
        this.#owner.onFailed(this, Object.assign(new Error(message.message), codeOf(message)));
        break;
      case "leave":
        this.#owner.onLeave(this);
        break;
      case "closing":
        this.#state = "closing";
        this.#report = { closed: 0, terminated: message.connections };
        this.#endWithin(message.deadlineMs + END_GRACE_MS);
        this.#owner.onClosing(this);
        break;
      case "closed":
        this.#state = "closed";
        this.#report = message.report;
        this.#endWithin(END_GRACE_MS);
        break;
      case "publications":
        this.#owner.onPublications(this, message.publications);
        break;
      case undefined:
    }
  }

  #end(exitCode: number | null, signal: string | null): void {
    if (this.#state === "ended") return;
    this.#timers.disarm(this.#timer);
    // The owner asks what state it was in.
    this.#owner.onEnded(this, { exitCode: exitCode ?? undefined, signal: signal ?? undefined });
    this.#state = "ended";
  }
}

function codeOf({ code }: { readonly code: string | undefined }): { readonly code?: string } {
  return code === undefined ? {} : { code };
}
