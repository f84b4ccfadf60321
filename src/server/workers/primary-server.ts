import cluster from "node:cluster";
import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";

import { type Connection, processTimers } from "../../connection/index.js";
import type { DrainReport } from "../drain.js";
import type { Server } from "../server.js";
import { resolveServerCloseOptions, type ServerCloseOptions } from "../server-close.js";
import { type Topic, Topics } from "../topic.js";
import { reclaimHandedConnections } from "./hand-over.js";
import { environmentOf } from "./worker-environment.js";
import { WorkerPool } from "./worker-pool.js";
import type { ListeningAt, WorkerProcess } from "./worker-run.js";

/** The longest time that a timer takes, in milliseconds. */
const FOR_LONG_MS = 2 ** 31 - 1;

/** Whether a primary serves in this process. A worker's script cannot be asked which of two servers it is for. */
let isServing = false;

/**
 * Starts `count` processes that run this one's script, and resolves when they all listen.
 *
 * @param report - Takes what goes wrong with them later.
 * @throws WorkerError (as a rejection) when one cannot start; then no process is left.
 */
export async function startPrimary<Data>(
  http: HttpServer | HttpsServer,
  count: number,
  report: (error: Error) => void,
): Promise<Server<Data>> {
  if (isServing)
    throw new Error("serve({ workers }) serves in this process already; a program has one such server at a time");
  if (process.argv[1] === undefined) {
    throw new Error(
      "serve({ workers }) runs the program's file in every worker; this program has none (node -e, or a prompt)",
    );
  }
  isServing = true;
  // Uint8Arrays pass as they are.
  cluster.setupPrimary({ serialization: "advanced" });
  const topics = new Topics((publication) => pool.publish(publication));
  const pool = new WorkerPool({
    count,
    fork(workerId, port): WorkerProcess {
      const worker = cluster.fork(environmentOf({ workerId, count, port }));
      reclaimHandedConnections(worker);
      return worker;
    },
    report,
    deliver: (publications) => topics.deliver(publications),
    timers: processTimers,
    nowMs: () => performance.now(),
  });
  try {
    return new PrimaryServer(http, await pool.start(), pool, topics);
  } catch (error) {
    isServing = false;
    throw error;
  }
}

class PrimaryServer<Data> implements Server<Data> {
  readonly role = "primary";
  readonly url: string;
  readonly port: number;
  readonly http: HttpServer | HttpsServer;
  readonly connections: ReadonlySet<Connection<Data>> = new Set();
  readonly #pool: WorkerPool;
  readonly #topics: Topics;
  /** Keeps the process while all workers are gone at once and others are not there yet. */
  readonly #keepAlive: NodeJS.Timeout = setInterval(() => {}, FOR_LONG_MS);
  #closing: Promise<DrainReport> | undefined;

  constructor(http: HttpServer | HttpsServer, { url, port }: ListeningAt, pool: WorkerPool, topics: Topics) {
    this.http = http;
    this.url = url;
    this.port = port;
    this.#pool = pool;
    this.#topics = topics;
  }

  topic(name: string): Topic {
    return this.#topics.topic(name);
  }

  close(options: ServerCloseOptions = {}): Promise<DrainReport> {
    this.#closing ??= this.#pool.close(resolveServerCloseOptions(options)).finally(() => {
      clearInterval(this.#keepAlive);
      isServing = false;
    });
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
