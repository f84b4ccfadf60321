import { messageOf } from "./cli-error.js";
import { formatSent } from "./echo-log.js";
import { printable } from "./printable.js";
import type { ServeEvent } from "./serve-event.js";

/** The line, or the few lines, that a person reads for an event; `undefined` for what only programs care about. */
export function formatAsText(event: ServeEvent): string | undefined {
  switch (event.event) {
    case "listening":
      return formatListening(event);
    case "message":
      return formatSent(event.remote, event.message);
    case "refused":
      return formatRefused(event);
    case "plain-http":
      return `${event.remote} spoke plain http; this port takes https:// and wss:// only`;
    case "error":
      return `${event.remote === undefined ? "" : `${event.remote} `}error: ${printable(messageOf(event.error))}`;
    case "observable":
      return `Look inside at ${event.url}${event.token === undefined ? "" : ` (token ${event.token})`}`;
    case "draining":
      return `draining after ${event.signal}; a second one ends it at once`;
    case "stopped":
      return `stopped: ${event.closed} closed, ${event.terminated} terminated`;
    case "opened":
    case "closed":
      return undefined;
  }
}

/** What was refused, and where a flag can let it in, which. */
function formatRefused({ remote, status, code, host, origin }: ServeEvent & { event: "refused" }): string {
  const line = `${remote} refused: ${status} ${printable(code)}`;
  if (host !== undefined) return `${line}: Host ${printable(host)}; --allow-host lets one in`;
  return origin === undefined ? line : `${line}: Origin ${printable(origin)}; --allow-origin lets one in`;
}

function formatListening({ url, isPublic, isSelfSigned, fingerprint }: ServeEvent & { event: "listening" }): string {
  const echo = new URL("/echo", url.replace(/^http/, "ws"));
  return [
    `Halyard is listening on ${url}`,
    `Echo at ${echo.href}; Ctrl-C stops it.`,
    ...(isPublic ? ["Other machines can reach it too; --host localhost keeps it to this one."] : []),
    ...(isSelfSigned ? [`Browsers will warn of its self-signed certificate, SHA-256 ${fingerprint}`] : []),
  ].join("\n");
}
