import type { ConnectionHandler } from "../../src/connection/index.js";

/** `own`, which first writes down what it is called for. */
export function recorder(log: string[], own: ConnectionHandler = {}): ConnectionHandler {
  return {
    open: (connection) => {
      log.push("open");
      return own.open?.(connection);
    },
    message: (connection, message) => {
      log.push(`message ${String(message)}`);
      return own.message?.(connection, message);
    },
    drain: () => log.push("drain"),
    close: (connection, info) => {
      log.push(`close ${info.code}`);
      return own.close?.(connection, info);
    },
    error: (connection, error) => {
      log.push(`error ${error.code}`);
      return own.error?.(connection, error);
    },
  };
}
