import { channel } from "node:diagnostics_channel";

import type { CloseInfo } from "./close-info.js";
import type { ConnectionError } from "./connection-error.js";
import type { ObservedConnection } from "./observer.js";

/** What is published on `halyard:connection:open`, before the first message, and on `halyard:connection:drain`. */
export interface ConnectionEvent {
  /** Which connection it is about. */
  readonly connection: ObservedConnection;
}

/** What is published on `halyard:connection:close`, when the socket is gone. */
export interface ConnectionCloseEvent extends ConnectionEvent {
  /** How it ended. */
  readonly info: CloseInfo;
}

/** What is published on `halyard:connection:error`: a fault of the peer, a deadline, a failing handler, a lost socket. */
export interface ConnectionErrorEvent extends ConnectionEvent {
  /** What went wrong. */
  readonly error: ConnectionError;
}

const opens = channel("halyard:connection:open");
const closes = channel("halyard:connection:close");
const errors = channel("halyard:connection:error");
const drains = channel("halyard:connection:drain");

/** Each publishes only where somebody listens. */
export function publishOpen(connection: ObservedConnection): void {
  if (opens.hasSubscribers) opens.publish({ connection } satisfies ConnectionEvent);
}

export function publishDrain(connection: ObservedConnection): void {
  if (drains.hasSubscribers) {
    drains.publish({ connection } satisfies ConnectionEvent);
  }
}

export function publishClose(connection: ObservedConnection, info: CloseInfo): void {
  if (closes.hasSubscribers) {
    closes.publish({ connection, info } satisfies ConnectionCloseEvent);
  }
}

export function publishError(connection: ObservedConnection, error: ConnectionError): void {
  if (errors.hasSubscribers) {
    errors.publish({ connection, error } satisfies ConnectionErrorEvent);
  }
}
