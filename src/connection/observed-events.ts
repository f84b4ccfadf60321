import { isThenable } from "../internal/thenable.js";
import type { CloseInfo } from "./close-info.js";
import type { ConnectionError } from "./connection-error.js";
import type { LinkEvents } from "./link.js";
import type { Message } from "./message.js";
import type { Observation } from "./observation.js";

/** What stands between a link that is observed and its handler. */
export class ObservedEvents implements LinkEvents {
  readonly #events: LinkEvents;
  readonly #observation: Observation;

  constructor(events: LinkEvents, observation: Observation) {
    this.#events = events;
    this.#observation = observation;
  }

  get connection(): object {
    return this.#events.connection;
  }

  message(message: Message): unknown {
    if (!this.#observation.seesHandling) return this.#events.message(message);
    const startMs = performance.now();
    const result = this.#events.message(message);
    if (!isThenable(result)) {
      this.#observation.handled(performance.now() - startMs);
      return result;
    }
    const settled = (): void => this.#observation.handled(performance.now() - startMs);
    result.then(settled, settled);
    return result;
  }

  drained(): void {
    this.#events.drained();
  }

  failed(error: ConnectionError): void {
    const { connection } = this.#observation;
    this.#observation.tell((observer) => observer.failed?.(connection, error));
    this.#events.failed(error);
  }

  gone(info: CloseInfo): void {
    const { connection } = this.#observation;
    this.#observation.tell((observer) => observer.closed?.(connection, info));
    this.#events.gone(info);
  }

  finished(info: CloseInfo): void {
    this.#events.finished(info);
  }
}
