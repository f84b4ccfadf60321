import type { Connection } from "../client/index.js";

/** What `halyard connect` reports. Each kind has its own line in text and its own fields in JSON. */
export type ConnectEvent =
  | {
      readonly event: "connected";
      /** Without credentials. */
      readonly url: string;
      readonly remote: string;
      /** The version of HTTP that it was opened over. */
      readonly httpVersion: Connection["httpVersion"];
      readonly subprotocol: string;
      /** What the server has agreed to, as its header says: `"permessage-deflate"`. */
      readonly extensions: string;
    }
  | { readonly event: "sent"; readonly message: string | Uint8Array }
  | { readonly event: "message"; readonly message: string | Uint8Array }
  | { readonly event: "pong"; readonly roundTripMs: number }
  | {
      readonly event: "closed";
      readonly code: number;
      readonly reason: string;
      readonly by: "us" | "peer";
      readonly clean: boolean;
    }
  /** Something that the user should know and may go on with. */
  | { readonly event: "warning"; readonly message: string }
  /** A line that was typed and could not be done. */
  | { readonly event: "mistake"; readonly message: string }
  /** What `/help` prints. */
  | { readonly event: "help"; readonly text: string }
  /** Why there is no connection, or no longer one. */
  | { readonly event: "error"; readonly code: string; readonly message: string };

export type ConnectEventLevel = "info" | "warn" | "error";

/** How much attention an event asks for. */
export function levelOf({ event }: ConnectEvent): ConnectEventLevel {
  if (event === "error") return "error";
  return event === "warning" || event === "mistake" ? "warn" : "info";
}
