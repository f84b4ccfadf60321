import type { ResponseFaultCode, ResponseFaultSubject } from "../protocol/index.js";
import type { HttpAnswer } from "./http-answer.js";

/** Why there is no connection; stable across versions. */
export type ConnectErrorCode =
  | "dns-failed"
  | "connection-refused"
  | "network-failed"
  | "tls-failed"
  | "http2-failed"
  | "http-status"
  | "redirect-refused"
  | ProxyErrorCode
  | HandshakeErrorCode
  | "malformed-http"
  | "closed"
  | "timeout"
  | "aborted"
  | "cookies-failed";

/** The codes of a proxy, of the option `proxy`, that opened no way to the server. */
export type ProxyErrorCode =
  | "proxy-unreachable"
  | "proxy-tls-failed"
  | ProxyAnswerErrorCode
  | "proxy-timeout"
  | "proxy-package-missing";

/** Those of a proxy's own answer; one that speaks HTTP has given a `response`. */
export type ProxyAnswerErrorCode = "proxy-auth-required" | "proxy-refused" | "proxy-target-unreachable";

/** The codes of an answer of 101 that breaks the rules of the handshake, by the part that does. */
export type HandshakeErrorCode = `bad-${ResponseFaultSubject}`;

/** What can be done about each, as the end of its message. docs/client.md lists the same rows; a test holds the two together. */
export const connectAdvice: Readonly<Record<ConnectErrorCode, string>> = {
  "dns-failed": "check the spelling of the host, and that this machine can resolve names",
  "connection-refused": "check the port, and that the server is running and listens there",
  "network-failed": "check the address, and the network, proxy or firewall in between",
  "tls-failed": "check that the port speaks TLS; a private certificate needs the option tls, { ca }",
  "http2-failed": "leave out the option http2, or ask who runs the server for WebSocket over HTTP/2 (RFC 8441)",
  "http-status": "see error.response for its headers and body",
  "redirect-refused": "connect to the right URL; see error.response.headers.location",
  "proxy-unreachable": "check the option proxy, and that the proxy is running",
  "proxy-tls-failed": "check that the proxy speaks TLS; a private certificate needs the option proxyTls, { ca }",
  "proxy-auth-required": "check the user name and the password in the proxy's URL",
  "proxy-refused": "ask who runs the proxy whether it lets you go to that host and port",
  "proxy-target-unreachable": "check the host and the port, and whether the proxy can reach them",
  "proxy-timeout": "try again later, or raise handshakeTimeoutMs; the proxy may not reach the server",
  "proxy-package-missing": "install it: npm install socks",
  "bad-upgrade": "the server, or a proxy before it, does not do WebSocket at this URL",
  "bad-accept-key": "the server, or a cache before it, answers without having read this handshake",
  "bad-subprotocol": "offer in the option subprotocols what the server speaks",
  "bad-extension": "the server breaks the protocol; report it there",
  "malformed-http": "check that the port speaks HTTP; one that speaks TLS needs wss",
  closed: "look into the log of the server, or of a proxy before it; a port that speaks TLS needs wss",
  timeout: "try again later, or raise handshakeTimeoutMs",
  aborted: "the option signal asked for it",
  "cookies-failed": "see error.cause for what the option cookies threw",
};

/** What an error tells beside its message. */
export interface ConnectErrorDetails {
  readonly cause?: unknown;
  readonly response?: HttpAnswer;
  readonly fault?: ResponseFaultCode;
}

class ConnectFailure extends Error {
  static override readonly name = "ConnectError";
  override readonly name = "ConnectError";
  readonly code: ConnectErrorCode;
  /** What was dialled, without credentials and query. */
  readonly url: string;
  // Private, so that a logged error does not show a body and cookies.
  readonly #details: ConnectErrorDetails;
  readonly #what: string;

  constructor(code: ConnectErrorCode, url: string, what: string, details: ConnectErrorDetails) {
    const message = `could not connect to ${url}: ${what}; ${connectAdvice[code]}`;
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.url = url;
    this.#details = details;
    this.#what = what;
  }

  /** The server's answer, where there was a whole one. */
  get response(): HttpAnswer | undefined {
    return this.#details.response;
  }

  /** The row of the table of response faults, for the codes that begin with `bad-`. */
  get fault(): ResponseFaultCode | undefined {
    return this.#details.fault;
  }

  static at(url: string, error: ConnectFailure): ConnectFailure {
    return new ConnectFailure(error.code, url, error.#what, error.#details);
  }
}

type AnswerErrorCode = "http-status" | "redirect-refused";

/**
 * Why `connect` gave no connection. `code` says what happened and narrows the rest: `"http-status"` has the `response`, the
 * codes that begin with `"bad-"` the `fault` too. `cause` is the error underneath, where there was one. Neither the message
 * nor what a log shows of it holds credentials, a query, headers or a body.
 */
export type ConnectError = ConnectFailure &
  (
    | { readonly code: AnswerErrorCode; readonly response: HttpAnswer; readonly fault: undefined }
    | { readonly code: HandshakeErrorCode; readonly response: HttpAnswer; readonly fault: ResponseFaultCode }
    | {
        readonly code: ProxyAnswerErrorCode;
        /** Of a proxy that speaks HTTP, without its body. */
        readonly response: HttpAnswer | undefined;
        readonly fault: undefined;
      }
    | {
        readonly code: Exclude<ConnectErrorCode, AnswerErrorCode | ProxyAnswerErrorCode | HandshakeErrorCode>;
        readonly response: undefined;
        readonly fault: undefined;
      }
  );

/** For `error instanceof ConnectError`, which narrows to the union. */
export const ConnectError: abstract new (...args: never) => ConnectError = ConnectFailure as never;

/** @param url what was dialled, without credentials and query */
export function connectError(
  code: ConnectErrorCode,
  url: string,
  what: string,
  details: ConnectErrorDetails = {},
): ConnectError {
  return new ConnectFailure(code, url, what, details) as ConnectError;
}

/** The same error for somebody who wanted another URL by the same way. */
export function failureAt(url: string, error: ConnectError): ConnectError {
  return ConnectFailure.at(url, error) as ConnectError;
}
