import { describeClose } from "./close-words.js";
import type { ConnectEvent } from "./connect-event.js";
import { hexDump, inAscii, inHex } from "./hex-dump.js";
import type { Paint } from "./paint.js";
import { printable } from "./printable.js";

/** The bytes that fit on the line of their message. */
const SHORT_BYTES = 16;

/** The line, or the few lines, that a person reads for an event in a session; `undefined` for what they see already. */
export function formatForSession(event: ConnectEvent, paint: Paint): string | undefined {
  switch (event.event) {
    case "connected":
      return paint("note", formatConnected(event));
    case "message":
      return paint("received", `< ${formatMessage(event.message)}`);
    case "pong":
      return paint("note", `pong after ${event.roundTripMs.toFixed(1)} ms`);
    case "closed":
      return paint(
        "note",
        `Closed by ${event.by === "us" ? "you" : "the server"} with ${describeClose(event.code, event.reason)}`,
      );
    case "warning":
    case "mistake":
      return paint("warning", printable(event.message));
    case "help":
      return paint("note", event.text);
    case "sent":
    case "error":
      return undefined; // typed by the user; told when the command ends
  }
}

function formatConnected({ url, httpVersion, subprotocol, extensions }: ConnectEvent & { event: "connected" }): string {
  const carried = httpVersion === "2.0" ? " over HTTP/2" : "";
  const spoken = subprotocol === "" ? "" : `, which speaks ${printable(subprotocol)}`;
  const extended = extensions === "" ? "" : ` (${printable(extensions)})`;
  return `Connected to ${printable(url)}${carried}${spoken}${extended}. Enter sends a line, /help lists commands, Ctrl-C closes.`;
}

/** A message as a terminal may show it: text on one line, bytes in hexadecimal. */
export function formatMessage(message: string | Uint8Array): string {
  if (typeof message === "string") return printable(message);
  const size = `<binary, ${message.length} ${message.length === 1 ? "byte" : "bytes"}>`;
  if (message.length === 0) return size;
  if (message.length <= SHORT_BYTES) return `${size} ${inHex(message)}  ${inAscii(message)}`;
  return [size, ...hexDump(message)].join("\n");
}
