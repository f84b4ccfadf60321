import { checkHandler, type Connection, type ConnectionHandler } from "../connection/index.js";
import { isThenable } from "../internal/thenable.js";

/**
 * What serves a connection: a handler object, or a function. A function that returns a promise owns the connection: when the
 * promise resolves, the connection is closed with 1000, when it rejects, with 1011. A function that returns anything else
 * leaves it open.
 */
export type Endpoint<Data = undefined> = ConnectionHandler<Data> | ((connection: Connection<Data>) => unknown);

/** @throws TypeError for what is neither a function nor a handler object. */
export function checkEndpoint(endpoint: unknown): void {
  if (typeof endpoint !== "function") checkHandler(endpoint);
}

/** Hands `connection` to `endpoint`; what that throws ends the connection with 1011. */
export function runEndpoint<Data>(endpoint: Endpoint<Data>, connection: Connection<Data>): void {
  try {
    if (typeof endpoint !== "function") {
      connection.handle(endpoint);
      return;
    }
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
