import { type ConnectEvent, levelOf } from "./connect-event.js";
import { printableJson } from "./printable.js";

/** An event as one line of JSON: `ts`, `level`, `event`, then the event's own fields. */
export function formatConnectAsJson(event: ConnectEvent, now: Date): string {
  return printableJson({ ts: now.toISOString(), level: levelOf(event), ...fieldsOf(event) });
}

function fieldsOf(event: ConnectEvent): object {
  switch (event.event) {
    case "message":
    case "sent":
      return { event: event.event, ...contentOf(event.message) };
    case "pong":
      return { event: event.event, roundTripMs: Math.round(event.roundTripMs * 1000) / 1000 };
    case "connected":
    case "closed":
    case "warning":
    case "mistake":
    case "help":
    case "error":
      return event;
  }
}

/** All of a message, so that a program gets it back as it was: text as it is, bytes in base64. */
function contentOf(message: string | Uint8Array): object {
  if (typeof message === "string") return { type: "text", bytes: Buffer.byteLength(message), data: message };
  return { type: "binary", bytes: message.length, data: Buffer.from(message).toString("base64") };
}
