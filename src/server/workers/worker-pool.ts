import { type TimerOwner, type TimerWheel, WheelTimer } from "../../connection/index.js";
import { defer } from "../../internal/deferred.js";
import type { DrainReport } from "../drain.js";
import { type ResolvedServerCloseOptions, resolveServerCloseOptions } from "../server-close.js";
import type { Publication } from "../topic.js";
import { MAX_WAITING_BYTES } from "./publication-line.js";
import { RestartDelay } from "./restart-delay.js";
import {
  cannotListen,
  endedAtStart,
  endedEarly,
  endedUnasked,
  neverListened,
  type ProcessEnd,
  publicationsDropped,
  type WorkerError,
} from "./worker-error.js";
import { type ListeningAt, type RunOwner, START_MS, type WorkerProcess, WorkerRun } from "./worker-run.js";

/** What a pool is made of. */
export interface PoolSetup {
  readonly count: number;
  /** Starts a process for the place `workerId`; where `port` is given, it is to listen there if its own option says 0. */
  readonly fork: (workerId: number, port: number | undefined) => WorkerProcess;
  /** Takes what went wrong. */
  readonly report: (error: Error) => void;
  /** Takes what workers publish. */
  readonly deliver: (publications: readonly Publication[]) => void;
  readonly timers: TimerWheel;
  /** Milliseconds on a clock that only goes forward. */
  readonly nowMs: () => number;
}

/** A place for a worker, which is filled anew when its worker ends. */
class Place implements TimerOwner {
  readonly delay: RestartDelay = new RestartDelay();
  readonly timer: WheelTimer = new WheelTimer(this);
  readonly #fill: () => void;

  constructor(fill: () => void) {
    this.#fill = fill;
  }

  onDue(): void {
    this.#fill();
  }
}

type PoolState =
  | { readonly kind: "starting" }
  | { readonly kind: "serving"; readonly at: ListeningAt }
  /** The start has failed; `error` is told when no process is left. */
  | { readonly kind: "failed"; readonly error: Error }
  | { readonly kind: "closing"; readonly options: ResolvedServerCloseOptions };

/** The workers of a server, in the primary: starts them, replaces those that end, and passes on what they publish. */
export class WorkerPool implements RunOwner {
  readonly #setup: PoolSetup;
  readonly #places: readonly Place[];
  readonly #runs = new Set<WorkerRun>();
  readonly #started = defer<ListeningAt>();
  readonly #ended = defer<DrainReport>();
  #state: PoolState = { kind: "starting" };
  #closed = 0;
  #terminated = 0;

  constructor(setup: PoolSetup) {
    this.#setup = setup;
    this.#places = Array.from({ length: setup.count }, (_, i) => new Place(() => this.#fork(i + 1)));
  }

  /**
   * Starts the workers; resolves when all of them listen.
   *
   * @throws WorkerError (as a rejection) when one cannot; then no process is left.
   */
  start(): Promise<ListeningAt> {
    for (let workerId = 1; workerId <= this.#places.length; workerId++) this.#fork(workerId);
    return this.#started.promise;
  }

  /** Closes all workers; resolves with the sum of their reports when the last process is gone. Called once. */
  close(options: ResolvedServerCloseOptions): Promise<DrainReport> {
    this.#state = { kind: "closing", options };
    for (const { timer } of this.#places) this.#setup.timers.disarm(timer);
    for (const run of this.#runs) run.close(options);
    this.#settleIfEmpty();
    return this.#ended.promise;
  }

  /** Sends `publication` to all workers, or to all but the one that it comes from. */
  publish(publication: Publication, from?: WorkerRun): void {
    for (const run of this.#runs) if (run !== from) run.publish(publication);
  }

  onListening(run: WorkerRun, at: ListeningAt): void {
    switch (this.#state.kind) {
      case "starting": {
        const serving = [...this.#runs].filter(({ state }) => state === "serving").length;
        if (serving < this.#places.length) return;
        this.#state = { kind: "serving", at };
        this.#started.resolve(at);
        return;
      }
      case "serving":
        // While one was starting, the last that listened has gone, and with it a port that the kernel had chosen.
        if (at.port !== this.#state.at.port) run.kill();
        return;
      case "closing":
        run.close(this.#state.options);
        return;
      case "failed":
        return;
    }
  }

  onFailed(run: WorkerRun, cause: Error): void {
    const error = cannotListen(run.identity, cause);
    if (this.#state.kind === "starting") this.#fail(error);
    // The others fail as well, most likely, and for the same.
    else if (this.#state.kind !== "failed") this.#setup.report(error);
    run.kill();
  }

  onLeave(run: WorkerRun): void {
    run.close(this.#state.kind === "closing" ? this.#state.options : resolveServerCloseOptions({}));
  }

  onClosing(run: WorkerRun): void {
    if (this.#state.kind === "serving") this.#replace(run);
  }

  onPublications(from: WorkerRun, publications: readonly Publication[]): void {
    for (const publication of publications) this.publish(publication, from);
    this.#setup.deliver(publications);
  }

  onBehind(run: WorkerRun): void {
    this.#setup.report(publicationsDropped(run.identity, "worker", MAX_WAITING_BYTES));
  }

  onEnded(run: WorkerRun, end: ProcessEnd): void {
    this.#runs.delete(run);
    switch (this.#state.kind) {
      case "starting":
        this.#fail(run.isLate ? neverListened(run.identity, end, START_MS) : endedAtStart(run.identity, end));
        break;
      case "serving":
        if (run.state === "closed") return;
        this.#setup.report(errorOf(run, end));
        if (run.state !== "closing") this.#replace(run); // or it has been since
        break;
      case "closing":
        this.#closed += run.report.closed;
        this.#terminated += run.report.terminated;
        break;
      case "failed":
        break;
    }
    this.#settleIfEmpty();
  }

  #fork(workerId: number): void {
    const { fork, timers, nowMs } = this.#setup;
    const isPortLost = this.#state.kind === "serving" && ![...this.#runs].some(({ state }) => state === "serving");
    const port = isPortLost && this.#state.kind === "serving" ? this.#state.at.port : undefined;
    this.#runs.add(new WorkerRun(workerId, fork(workerId, port), this, timers, nowMs()));
  }

  #replace({ identity, startedAtMs }: WorkerRun): void {
    const place = this.#places[identity.workerId - 1];
    if (place !== undefined) this.#setup.timers.arm(place.timer, place.delay.after(this.#setup.nowMs() - startedAtMs));
  }

  #fail(error: Error): void {
    this.#state = { kind: "failed", error };
    for (const run of this.#runs) run.kill();
  }

  #settleIfEmpty(): void {
    if (this.#runs.size > 0) return;
    if (this.#state.kind === "failed") this.#started.reject(this.#state.error);
    if (this.#state.kind === "closing") this.#ended.resolve({ closed: this.#closed, terminated: this.#terminated });
  }
}

/** What is said of the end of `run`, which nobody had asked for. */
function errorOf({ identity, state, isLate }: WorkerRun, end: ProcessEnd): WorkerError {
  if (isLate) return neverListened(identity, end, START_MS);
  return state === "closing" ? endedEarly(identity, end) : endedUnasked(identity, end);
}
