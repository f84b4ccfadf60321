import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";

import type { TimerWheel } from "../connection/index.js";
import { connectError, ConnectError, failureAt } from "./connect-error.js";
import type { Http2Session } from "./http2-session.js";
import type { Patience } from "./patience.js";
import { isSameRoute, type Route } from "./route.js";
import { type Found, type Http1Instead, openSession } from "./session-opening.js";

/** A request that is on its way in a session. */
export interface Asked {
  readonly kind: "asked";
  readonly stream: ClientHttp2Stream;
  readonly session: Http2Session;
}

/** A session that is being opened, and by whom: if they give up, it is not. */
interface Opening {
  readonly route: Route;
  readonly patience: Patience;
  readonly found: Promise<Found>;
}

/** The sessions of a process. All that go the same way share one, and open a further one when those that are there are full. */
export class Http2Sessions {
  readonly #sessions = new Set<Http2Session>();
  readonly #openings = new Set<Opening>();

  /**
   * Sends a request in a session that goes the same way, or in a new one.
   *
   * @throws ConnectError as `openSession`, whoever has opened it; what patience says; TypeError for headers that HTTP/2 does not allow.
   */
  async request(
    route: Route,
    headers: OutgoingHttpHeaders,
    patience: Patience,
    timers: TimerWheel,
  ): Promise<Asked | Http1Instead> {
    for (;;) {
      const session = this.#withRoom(route);
      if (session !== undefined) return { kind: "asked", session, stream: session.request(headers) };
      const shared = [...this.#openings].find((opening) => isSameRoute(opening.route, route));
      const opening = shared ?? this.#open(route, patience, timers);
      const found = await join(opening, route, patience);
      if (found?.kind === "http1") return shared === undefined ? found : { kind: "http1", socket: undefined };
      // Who opens a session is the first to use it; not without end, should the server end each at once.
      if (shared === undefined && found?.session.hasRoom !== true) {
        throw connectError("closed", route.target.label, "its session ended before it could be used");
      }
    }
  }

  #withRoom(route: Route): Http2Session | undefined {
    return [...this.#sessions].find((session) => session.hasRoom && isSameRoute(session.route, route));
  }

  #open(route: Route, patience: Patience, timers: TimerWheel): Opening {
    const opening = { route, patience, found: openSession(route, patience, timers) };
    this.#openings.add(opening);
    const onFound = (found?: Found): void => {
      this.#openings.delete(opening);
      if (found?.kind === "http2") this.#keep(found.session);
    };
    opening.found.then(onFound, () => onFound());
    return opening;
  }

  #keep(session: Http2Session): void {
    if (session.isLost) return;
    this.#sessions.add(session);
    session.onClosed(() => this.#sessions.delete(session));
  }
}

/** What `opening` finds; `undefined` when whoever it is of has given up. */
async function join(opening: Opening, route: Route, patience: Patience): Promise<Found | undefined> {
  try {
    return await patience.within(opening.found);
  } catch (error) {
    if (patience.signal.aborted) throw patience.error;
    if (opening.patience.signal.aborted) return undefined;
    throw error instanceof ConnectError ? failureAt(route.target.label, error) : error;
  }
}

/** Those of this process. */
export const sharedSessions: Http2Sessions = new Http2Sessions();
