/** What `halyard serve` reports. Each kind has its own line in text and its own fields in JSON. */
export type ServeEvent =
  | {
      readonly event: "listening";
      readonly url: string;
      readonly port: number;
      /** Whether it listens on every interface, not on one address. */
      readonly isPublic: boolean;
      /** The certificate's SHA-256, where TLS is on. */
      readonly fingerprint: string | undefined;
      readonly isSelfSigned: boolean;
    }
  | { readonly event: "opened"; readonly remote: string }
  | { readonly event: "message"; readonly remote: string; readonly message: string | Uint8Array }
  | {
      readonly event: "closed";
      readonly remote: string;
      readonly code: number;
      readonly reason: string;
      readonly by: "us" | "peer";
      readonly clean: boolean;
    }
  | {
      readonly event: "refused";
      readonly remote: string;
      readonly status: number;
      readonly code: string;
      /** The Host or Origin header that was refused, as the client sent it, cut when long. */
      readonly host?: string | undefined;
      readonly origin?: string | undefined;
    }
  /** A client spoke http where TLS is expected. */
  | { readonly event: "plain-http"; readonly remote: string }
  | { readonly event: "error"; readonly remote: string | undefined; readonly error: unknown }
  /** Where to look inside, and the token that was made for it. */
  | { readonly event: "observable"; readonly url: string; readonly token: string | undefined }
  | { readonly event: "draining"; readonly signal: string }
  | { readonly event: "stopped"; readonly closed: number; readonly terminated: number };

export type ServeEventLevel = "info" | "warn" | "error";

/** How much attention an event asks for. */
export function levelOf({ event }: ServeEvent): ServeEventLevel {
  if (event === "error") return "error";
  return event === "refused" || event === "plain-http" ? "warn" : "info";
}
