import cluster from "node:cluster";
import { subscribe } from "node:diagnostics_channel";
import type { Observer } from "../connection/index.js";
import { Tally } from "../observers/index.js";
import type { Server } from "../server/index.js";
import type { EventLog } from "./event-log.js";
import { PrimaryTally } from "./primary-tally.js";
import { type ServeFlags, workersOf } from "./serve-flags.js";
import { statusTokenOf } from "./status-access.js";
import { StatusRoutes } from "./status-routes.js";
import { WorkerTallies } from "./worker-tallies.js";

/** Where workers find the token that their primary has made or was given. */
const TOKEN_VARIABLE = "HALYARD_STATUS_TOKEN";

type InsideFlags = Pick<ServeFlags, "metrics" | "status" | "statusToken" | "host" | "trustProxy" | "workers">;

/** What `--metrics` and `--status` show of this process and its workers, and to whom; `undefined` without either. */
export function openInside(flags: InsideFlags): Inside | undefined {
  const { metrics, status } = flags;
  if (!metrics && !status) return undefined;
  const tally = new Tally();
  if (cluster.isWorker) return openInWorker(tally, { metrics, status });
  const token = statusTokenOf(flags);
  if (workersOf(flags) > 1) {
    if (token === undefined) delete process.env[TOKEN_VARIABLE];
    else process.env[TOKEN_VARIABLE] = token.text;
    new WorkerTallies().listen();
  }
  const routes = new StatusRoutes({ metrics, status, token: token?.text, count: () => tally });
  return {
    observers: [tally.observer],
    routes,
    report({ url }, log) {
      const made = token?.isMade === true ? token.text : undefined;
      const path = status ? `status${made === undefined ? "" : `#${made}`}` : "metrics";
      log.report({ event: "observable", url: `${url}${path}`, token: made });
    },
  };
}

/** A worker is closed by its primary: it ends its streams when that begins, and tells its last counts before it lets go. */
function openInWorker(tally: Tally, shown: { readonly metrics: boolean; readonly status: boolean }): Inside {
  const primary = new PrimaryTally(tally);
  const token = process.env[TOKEN_VARIABLE];
  const routes = new StatusRoutes({ ...shown, token, count: () => primary.sum() });
  let isDraining = false;
  const tellLast = (): void => {
    if (isDraining && tally.open === 0) primary.tell();
  };
  subscribe("halyard:server:drain", () => {
    isDraining = true;
    routes.close();
    tellLast();
  });
  return { observers: [tally.observer, { closed: tellLast }], routes, report: () => {} };
}

/** What shows what goes on in a server. */
export interface Inside {
  readonly observers: readonly Observer[];
  readonly routes: StatusRoutes;
  /** Says where to look. A token made here follows the page's address behind a #, which browsers send to nobody. */
  report(server: Server, log: EventLog): void;
}
