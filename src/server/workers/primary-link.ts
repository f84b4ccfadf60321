import cluster, { type Worker } from "node:cluster";

import type { DrainReport } from "../drain.js";
import { closeTimeOf, type ResolvedServerCloseOptions, type ServerCloseOptions } from "../server-close.js";
import type { Publication } from "../topic.js";
import { MAX_WAITING_BYTES, PublicationLine } from "./publication-line.js";
import { placeIn, type WorkerPlace } from "./worker-environment.js";
import { publicationsDropped } from "./worker-error.js";
import { type FromWorker, openEnvelope, type ToWorker } from "./worker-message.js";

/** What the primary may ask of a worker. */
export interface WorkerDuties {
  readonly url: string;
  readonly port: number;
  close(options?: ServerCloseOptions): Promise<DrainReport>;
  deliver(publications: readonly Publication[]): void;
}

/** Whether this process serves as a worker already. */
let hasJoined = false;

/**
 * The link to the primary, in a worker; `undefined` in a process that is to become a primary.
 *
 * @param report - Takes what goes wrong with the link.
 * @throws Error in a worker that somebody else has forked, and for a second server in one.
 */
export function joinPrimary(report: (error: Error) => void): PrimaryLink | undefined {
  if (!cluster.isWorker || cluster.worker === undefined) return undefined;
  const place = placeIn(process.env);
  if (place === undefined) {
    throw new Error(
      "serve({ workers }) was called in a worker that another program's node:cluster has forked; leave out `workers` there",
    );
  }
  if (hasJoined) throw new Error("serve({ workers }) serves in this process already; a program has one such server");
  hasJoined = true;
  return new PrimaryLink(cluster.worker, place, report);
}

/** What a worker and the primary have to tell each other. */
export class PrimaryLink {
  readonly place: WorkerPlace;
  readonly #worker: Worker;
  readonly #line: PublicationLine<FromWorker>;
  #duties: WorkerDuties | undefined;
  #hasClosed = false;

  constructor(worker: Worker, place: WorkerPlace, report: (error: Error) => void) {
    this.place = place;
    this.#worker = worker;
    this.#line = new PublicationLine<FromWorker>(worker, () => {
      report(publicationsDropped({ workerId: place.workerId, pid: process.pid }, "primary", MAX_WAITING_BYTES));
    });
    worker.on("message", (message: unknown) => this.#onMessage(openEnvelope(message) as ToWorker | undefined));
    worker.on("disconnect", () => this.#onDisconnect());
    process.on("SIGTERM", () => this.#onTerm());
    // Ctrl-C goes to every process of a terminal. What is to be done, the primary says.
    process.on("SIGINT", ignore);
  }

  /** It listens, and does from now on what the primary says. */
  serve(duties: WorkerDuties): void {
    this.#duties = duties;
    this.#line.send({ kind: "listening", url: duties.url, port: duties.port });
  }

  /** It cannot listen. The primary's `serve` rejects, and ends this process; its own caller never hears. */
  fail(error: unknown): Promise<never> {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
    this.#line.send({ kind: "failed", message, code });
    return new Promise(ignore);
  }

  publish(publication: Publication): void {
    this.#line.publish(publication);
  }

  /** It has begun to close `connections` connections, of which `closing` will tell. */
  close(connections: number, options: ResolvedServerCloseOptions, closing: Promise<DrainReport>): void {
    this.#line.send({ kind: "closing", connections, deadlineMs: closeTimeOf(options) });
    void closing.then((report) => {
      this.#hasClosed = true;
      // The process ends when its program has nothing left to do.
      this.#line.send({ kind: "closed", report }, () => {
        if (this.#worker.isConnected()) this.#worker.disconnect();
      });
    });
  }

  #onMessage(message: ToWorker | undefined): void {
    switch (message?.kind) {
      case "close":
        void this.#duties?.close(message.options);
        break;
      case "publications":
        this.#duties?.deliver(message.publications);
        break;
      case undefined:
    }
  }

  /** Nobody replaces a worker whose primary has died: it says goodbye to its peers and goes too. */
  #onDisconnect(): void {
    if (this.#hasClosed || this.#duties === undefined) return;
    this.#worker.exitedAfterDisconnect = true; // or node:cluster ends the process now
    // oxlint-disable-next-line unicorn/no-process-exit -- nobody is left who would end it
    void this.#duties.close().finally(() => process.exit());
  }

  /** A program that listens to SIGTERM itself says itself what is to be done. */
  #onTerm(): void {
    if (process.listenerCount("SIGTERM") > 1) return;
    if (this.#duties === undefined) process.kill(process.pid, "SIGKILL");
    else this.#line.send({ kind: "leave" });
  }
}

function ignore(): void {}
