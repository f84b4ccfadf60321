import {
  type CloseInfo,
  CloseCode,
  connectAdvice,
  ConnectError,
  type ConnectErrorCode,
  ConnectionError,
  type FaultCode,
} from "../client/index.js";
import { CliError, ExitCode, messageOf } from "./cli-error.js";
import { describeClose } from "./close-words.js";
import { beginningOf } from "./echo-log.js";

/** What can be done, where the library names an option and this command has a flag. */
const advice: Partial<Record<ConnectErrorCode, string>> = {
  "tls-failed": "--ca FILE trusts a private certificate, --insecure takes any; a port without TLS needs ws://",
  "http2-failed": "leave out --http2, or ask who runs the server for WebSocket over HTTP/2 (RFC 8441)",
  "http-status": "check the path, and what the server wants: --header, --auth, --origin, --subprotocol",
  "redirect-refused": "give the right URL, or --follow-redirects COUNT",
  "bad-subprotocol": "offer what the server speaks with --subprotocol",
  "proxy-unreachable": "check --proxy, and that the proxy is running",
  "proxy-tls-failed": "check that the proxy speaks TLS, and that its certificate is trusted (NODE_EXTRA_CA_CERTS=FILE)",
  "proxy-timeout": "try again later, or raise --timeout-ms; the proxy may not reach the server",
  timeout: "try again later, or raise --timeout-ms",
};

/** The flag that allows more. */
const limitFlags: Partial<Record<FaultCode, string>> = {
  "message-too-big": "--max-message-bytes",
  "frame-too-big": "--max-frame-bytes",
  "too-many-fragments": "--max-fragments",
};

/** The codes by which a peer ends a connection without a complaint; 1005 stands for none. */
const peacefulCodes: ReadonlySet<number> = new Set([CloseCode.normal, CloseCode.goingAway, CloseCode.noStatus]);

/** The error of a connection that did not come about: exit code 1, or 2 where the command line is to blame. */
export function connectFailure(error: unknown): CliError {
  if (error instanceof ConnectError) {
    return new CliError(describeConnectError(error), ExitCode.failure, { cause: error });
  }
  // The options that `connect` checks are flags here.
  const isUsage = error instanceof TypeError || error instanceof RangeError;
  return new CliError(messageOf(error), isUsage ? ExitCode.usage : ExitCode.failure, { cause: error });
}

function describeConnectError(error: ConnectError): string {
  if (isPlainServer(error)) {
    return `could not connect to ${error.url}: the server does not speak TLS there; try ws:// in place of wss://`;
  }
  const what = messageOf(error).replace(`; ${connectAdvice[error.code]}`, "");
  const said = error.code === "http-status" ? firstLineOf(error.response.body) : "";
  return `${what}${said === "" ? "" : ` (${said})`}; ${advice[error.code] ?? connectAdvice[error.code]}`;
}

/** Whether OpenSSL, in words of its own, has found something else than TLS at the other end. */
function isPlainServer({ code, cause }: ConnectError): boolean {
  return code === "tls-failed" && cause instanceof Error && cause.message.includes("wrong version number");
}

/** The beginning of what the server wrote for people to read. */
function firstLineOf(body: Uint8Array): string {
  const line = Buffer.from(body).toString().trim().split("\n", 1)[0] ?? "";
  return line.startsWith("<") ? "" : beginningOf(line.trimEnd());
}

/** The error of a connection that did not end well: exit code 3; `undefined` for one that did. */
export function endFailure({ code, reason, by, clean, error }: CloseInfo): CliError | undefined {
  if (error !== undefined) {
    const flag = error.fault === undefined ? undefined : limitFlags[error.fault];
    const way = flag === undefined ? "" : `; ${flag} allows more`;
    return new CliError(`${messageOf(error)}${way}`, ExitCode.ended, { cause: error });
  }
  if (clean && (by === "us" || peacefulCodes.has(code))) return undefined;
  return new CliError(`the server closed the connection with ${describeClose(code, reason)}`, ExitCode.ended);
}

/** The error of a connection that has ended well and too early for what was wanted of it: exit code 3. */
export function earlyEndFailure(before: "a message came" | "all input was sent"): CliError {
  return new CliError(`the connection was closed before ${before}`, ExitCode.ended);
}

/** The code of what is underneath a failure, for programs: a `ConnectError`'s or a `ConnectionError`'s, or what stands for none. */
export function codeOfFailure(error: unknown): string {
  if (!(error instanceof CliError)) return "unexpected";
  const { cause, exitCode } = error;
  if (exitCode === ExitCode.usage) return "usage";
  if (cause instanceof ConnectError || cause instanceof ConnectionError) return cause.code;
  return exitCode === ExitCode.ended ? "ended" : "failed";
}
