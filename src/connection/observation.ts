import { isThenable } from "../internal/thenable.js";
import type { ObservedConnection, ObservedFrame, ObservedType, Observer } from "./observer.js";
import { tellObservers, warnOnce } from "./observers.js";

/** What has gone through one connection since it was opened. */
export interface ConnectionCounters {
  /** Messages that have come whole. */
  readonly messagesReceived: number;
  /** Payload as on the wire, without headers. */
  readonly bytesReceived: number;
  /** Messages given to be sent. */
  readonly messagesSent: number;
  /** Their payload as on the wire, without headers. */
  readonly bytesSent: number;
}

/**
 * Counts for one connection that is observed and tells its observers. A connection without observers has none: what stands in
 * the path of its messages is then not there at all, rather than asked whether it is on.
 */
export class Observation {
  readonly connection: ObservedConnection;
  readonly observers: readonly Observer[];
  /** Whether anybody looks at frames, and at the time that handlers take. */
  readonly seesFrames: boolean;
  readonly seesHandling: boolean;
  readonly #counters = { messagesReceived: 0, bytesReceived: 0, messagesSent: 0, bytesSent: 0 };

  constructor(connection: ObservedConnection, observers: readonly Observer[]) {
    this.connection = connection;
    this.observers = observers;
    this.seesFrames = observers.some((observer) => observer.frame !== undefined);
    this.seesHandling = observers.some((observer) => observer.handled !== undefined);
  }

  /** A copy. */
  get counters(): ConnectionCounters {
    return { ...this.#counters };
  }

  tell(tell: (observer: Observer) => unknown): void {
    tellObservers(this.observers, tell);
  }

  // Once a message, so without closures.

  received(type: ObservedType, bytes: number): void {
    this.#counters.messagesReceived++;
    this.#counters.bytesReceived += bytes;
    for (const observer of this.observers) {
      try {
        keepQuiet(observer, observer.received?.(this.connection, type, bytes));
      } catch (error) {
        warnOnce(observer, error);
      }
    }
  }

  sent(type: ObservedType, bytes: number): void {
    this.#counters.messagesSent++;
    this.#counters.bytesSent += bytes;
    for (const observer of this.observers) {
      try {
        keepQuiet(observer, observer.sent?.(this.connection, type, bytes));
      } catch (error) {
        warnOnce(observer, error);
      }
    }
  }

  handled(elapsedMs: number): void {
    for (const observer of this.observers) {
      try {
        keepQuiet(observer, observer.handled?.(this.connection, elapsedMs));
      } catch (error) {
        warnOnce(observer, error);
      }
    }
  }

  frame(frame: ObservedFrame): void {
    this.tell((observer) => observer.frame?.(this.connection, frame));
  }
}

function keepQuiet(observer: Observer, result: unknown): void {
  if (isThenable(result)) result.then(undefined, (error: unknown) => warnOnce(observer, error));
}
