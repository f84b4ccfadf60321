import type { Connection, ConnectionHandler } from "../connection/index.js";
import { isThenable } from "../internal/thenable.js";

/**
 * What serves a connection: a handler object, or a function. A function that returns a promise owns the connection: when the
 * promise resolves, the connection is closed with 1000, when it rejects, with 1011. A function that returns anything else
 * leaves it open.
 */
export type Endpoint<Data = undefined> = ConnectionHandler<Data> | ((connection: Connection<Data>) => unknown);

/** Hands `connection` to `endpoint`. */
export function runEndpoint<Data>(endpoint: Endpoint<Data>, connection: Connection<Data>): void {
  if (typeof endpoint !== "function") {
    connection.handle(endpoint);
    return;
  }
  try {
    const result = endpoint(connection);
    if (!isThenable(result)) return;
    result.then(
      () => closeUnlessHandled(connection),
      (cause: unknown) => connection.fail(cause),
    );
  } catch (cause) {
    connection.fail(cause);
  }
}

function closeUnlessHandled<Data>(connection: Connection<Data>): void {
  if (!connection.isHandled) void connection.close();
}
