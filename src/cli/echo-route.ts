import type { ConnectionErrorCode, ConnectionHandler } from "../connection/index.js";
import type { EventLog } from "./event-log.js";

/** A peer that just goes is everyday life: the close code says it. */
const TOLD_BY_CLOSE: ReadonlySet<ConnectionErrorCode> = new Set([
  "connection-lost",
  "close-timeout",
  "ping-timeout",
  "message-timeout",
]);

/** Whether `/echo?http` was asked: a browser tells no page over which version of HTTP a WebSocket came, so ours asks. */
function asksForHttpVersion(url: string): boolean {
  return new URLSearchParams(url.replace(/^[^?]*/, "")).has("http");
}

/**
 * The route that answers every message with itself, text as text and binary as binary. It returns the promise of `send`, so
 * a peer that does not read is not read from either. To who asks for `/echo?http` it says first which version of HTTP that came over.
 */
export function createEchoRoute(log: EventLog): ConnectionHandler {
  return {
    open(connection) {
      log.report({ event: "opened", remote: connection.remote });
      if (asksForHttpVersion(connection.url)) connection.write(`HTTP/${connection.httpVersion}`);
    },
    async message(connection, message) {
      log.report({ event: "message", remote: connection.remote, message });
      try {
        await connection.send(message);
      } catch (error) {
        // A peer that left before its answer is no failure: `close` tells.
        if (connection.state === "open") throw error;
      }
    },
    error({ remote }, error) {
      if (!TOLD_BY_CLOSE.has(error.code)) log.report({ event: "error", remote, error });
    },
    close({ remote }, { code, reason, by, clean }) {
      log.report({ event: "closed", remote, code, reason, by, clean });
    },
  };
}
