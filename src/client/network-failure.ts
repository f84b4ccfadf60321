import { type ConnectError, type ConnectErrorCode, connectError } from "./connect-error.js";
import type { Stage } from "./patience.js";

/** The error that stands for what went wrong on the way to the server's answer, at this `stage`. */
export function networkFailure(cause: unknown, stage: Stage, url: string): ConnectError {
  const code = codeOf(cause, stage);
  return connectError(code, url, `${whatHappened[code]}: ${describe(cause)}`, { cause });
}

type NetworkCode = Extract<
  ConnectErrorCode,
  "dns-failed" | "connection-refused" | "network-failed" | "tls-failed" | "malformed-http" | "closed"
>;

const whatHappened: Readonly<Record<NetworkCode, string>> = {
  "dns-failed": "its name has no address",
  "connection-refused": "nobody listens there",
  "network-failed": "there is no way to it",
  "tls-failed": "the TLS handshake failed",
  "malformed-http": "it answered with something that is not HTTP",
  closed: "the connection ended before the server had answered",
};

/** What Node's errors tell, as far as it is looked at. */
interface SystemError extends Error {
  readonly code?: unknown;
  readonly syscall?: unknown;
  /** The short form of the message, of errors of TLS and of the HTTP parser. */
  readonly reason?: unknown;
  /** Of an `AggregateError`: one for each address that was tried. */
  readonly errors?: readonly unknown[];
}

function codeOf(cause: unknown, stage: Stage): NetworkCode {
  if (!(cause instanceof Error)) return "network-failed";
  const { code, syscall } = cause as SystemError;
  const name = typeof code === "string" ? code : "";
  if (name.startsWith("HPE_")) return "malformed-http";
  if (syscall === "getaddrinfo" || name === "ENOTFOUND") return "dns-failed";
  if (name === "ECONNREFUSED") return "connection-refused";
  if (stage === "securing" || name.startsWith("ERR_TLS_") || name.startsWith("ERR_SSL_")) return "tls-failed";
  return stage === "connecting" ? "network-failed" : "closed";
}

/** What an error says, in one line and without the words that only OpenSSL needs. */
export function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { errors, reason } = cause as SystemError;
  if (Array.isArray(errors)) return errors.map(describe).join(", ");
  const text = typeof reason === "string" ? reason : (openSslReason(cause.message) ?? cause.message);
  return text.replaceAll("\n", " ").trim();
}

/** What is meant by `"write EPROTO 80C...:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/..."`. */
function openSslReason(message: string): string | undefined {
  return /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
}
