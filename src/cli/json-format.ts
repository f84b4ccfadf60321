import { messageOf } from "./cli-error.js";
import { beginningInHex, beginningOf } from "./echo-log.js";
import { printableJson } from "./printable.js";
import { levelOf, type ServeEvent } from "./serve-event.js";

/** An event as one line of JSON: `ts`, `level`, `event`, then the event's own fields. */
export function formatAsJson(event: ServeEvent, now: Date): string {
  return printableJson({ ts: now.toISOString(), level: levelOf(event), ...fieldsOf(event) });
}

function fieldsOf(event: ServeEvent): object {
  switch (event.event) {
    case "message":
      return { event: event.event, remote: event.remote, ...contentOf(event.message) };
    case "error":
      return { event: event.event, remote: event.remote, error: messageOf(event.error) };
    case "listening":
    case "opened":
    case "closed":
    case "refused":
    case "plain-http":
    case "observable":
    case "draining":
    case "stopped":
      return event;
  }
}

/** The whole length, and the beginning: text as it is, bytes in hexadecimal. */
function contentOf(message: string | Uint8Array): object {
  if (typeof message !== "string") return { type: "binary", bytes: message.length, hex: beginningInHex(message) };
  return { type: "text", bytes: Buffer.byteLength(message), text: beginningOf(message) };
}
