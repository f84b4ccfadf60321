import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";

import type { Connection } from "../connection/index.js";
import type { DrainReport } from "./drain.js";
import type { ServerCloseOptions } from "./server-close.js";
import type { Topic } from "./topic.js";

/**
 * What part a process has in `serve({ workers })`: the one that starts the others and has no connections itself, one of
 * those that serve, or neither.
 */
export type ServerRole = "alone" | "primary" | "worker";

/** A server that listens. */
export interface Server<Data = undefined> {
  /** `"alone"` without `workers`. With them, the first process is the `"primary"`, and those that it starts are each a `"worker"`. */
  readonly role: ServerRole;
  /** `"http://localhost:8080/"`; the host is `localhost` when it listens on all addresses. */
  readonly url: string;
  /** The port that it listens on, also where 0 was asked for. */
  readonly port: number;
  /**
   * Node's server, for what is not here. In a primary it does not listen: the workers' do.
   *
   * Over plain TCP it does not see the connections that begin with a request for a WebSocket, nor those that have said nothing yet, unless
   * you listen for its `connection`, `upgrade` or `clientError`, or set its `maxConnections`: then it sees all that come from then on.
   */
  readonly http: HttpServer | HttpsServer;
  /** The connections of this process that are not closed yet; in a primary there are none. */
  readonly connections: ReadonlySet<Connection<Data>>;
  /** The topic of this name, which every process of this server shares. One without subscribers takes no memory. */
  topic(name: string): Topic;
  /**
   * Stops accepting, closes every connection with the closing handshake, terminates what is left at the deadline, and
   * reports counts once the last socket is gone. Idempotent: further calls return the same promise.
   *
   * In a primary all workers do so, and it reports the sum when their processes have ended; those that go on two seconds after
   * the deadline are killed. A worker that is closed ends, and another takes its place.
   *
   * @throws RangeError or TypeError for a code, reason or deadline that is none; the server then goes on.
   */
  close(options?: ServerCloseOptions): Promise<DrainReport>;
  /** `close()` with its defaults. */
  [Symbol.asyncDispose](): Promise<void>;
}
