import { Buffer } from "node:buffer";
import { type ClientRequest, type IncomingMessage, request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

import { type Deferred, defer } from "../internal/deferred.js";
import { AnswerBody } from "./answer-body.js";
import type { ConnectError } from "./connect-error.js";
import { answerOf, type HttpAnswer } from "./http-answer.js";
import { networkFailure } from "./network-failure.js";
import type { Patience } from "./patience.js";
import type { Target } from "./target.js";

/** What a server made of a handshake request. */
export type Outcome =
  | Switched
  /** It answered with another status; the socket is dealt with. */
  | { readonly kind: "answered"; readonly answer: HttpAnswer }
  /** It never saw it, or closed just then: the socket, one that an agent had kept, was dead. Asking again is safe. */
  | { readonly kind: "stale"; readonly error: ConnectError };

/** It let us in. The socket is a WebSocket's, if the answer is right; `head` came behind it. */
export interface Switched {
  readonly kind: "switched";
  readonly answer: HttpAnswer;
  /** Over HTTP/2 a stream. */
  readonly socket: Duplex;
  /** What has the addresses: the socket itself, or that of the stream's session. */
  readonly transport: Duplex;
  readonly head: Buffer;
}

/** Which answers are wanted without their body. */
export type IsHeadEnough = (answer: HttpAnswer) => boolean;

/**
 * Sends one handshake request and waits for the answer. Rejects with the `ConnectError` of what went wrong; then, and after
 * an answer that is not 101, nothing is left open.
 *
 * @param options the headers, and what `node:http` needs to get to the server: an agent, or a socket
 */
export function exchange(
  target: Target,
  options: RequestOptions,
  patience: Patience,
  isHeadEnough: IsHeadEnough,
): Promise<Outcome> {
  const request = startRequest(target, options);
  const running = new Exchange(request, options.agent !== undefined, target, patience, isHeadEnough);
  request.end();
  return running.outcome;
}

function startRequest(target: Target, options: RequestOptions): ClientRequest {
  const { isSecure, host, port, socketPath, path } = target;
  try {
    const request = isSecure ? requestHttps : requestHttp;
    return request({ ...options, method: "GET", host, port, socketPath, path, setHost: false });
  } catch (cause) {
    // Most likely an agent of the other scheme.
    throw new TypeError(`option agent was refused by node:http: ${(cause as Error).message}`, { cause });
  }
}

class Exchange {
  readonly #request: ClientRequest;
  readonly #hasAgent: boolean;
  readonly #target: Target;
  readonly #patience: Patience;
  readonly #isHeadEnough: IsHeadEnough;
  readonly #outcome: Deferred<Outcome> = defer();
  #isSettled = false;
  #socket: Duplex | undefined;
  /** What the socket had read before it was ours. */
  #bytesBefore = 0;
  /** The answer whose body is being read. */
  #answer: { readonly response: IncomingMessage; readonly body: AnswerBody } | undefined;

  constructor(
    request: ClientRequest,
    hasAgent: boolean,
    target: Target,
    patience: Patience,
    isHeadEnough: IsHeadEnough,
  ) {
    this.#request = request;
    this.#hasAgent = hasAgent;
    this.#target = target;
    this.#patience = patience;
    this.#isHeadEnough = isHeadEnough;
    request.on("socket", (socket) => this.#onSocket(socket));
    request.on("upgrade", (response, socket, head) => this.#onUpgrade(response, socket, head));
    request.on("response", (response) => this.#onResponse(response));
    request.on("error", (cause) => this.#onError(cause));
    patience.signal.addEventListener("abort", this.#onImpatience, { once: true });
    if (patience.signal.aborted) this.#onImpatience();
  }

  get outcome(): Promise<Outcome> {
    return this.#outcome.promise;
  }

  /** Follows how far the socket has come, which says what its error means. */
  #onSocket(socket: Socket): void {
    this.#socket = socket;
    this.#bytesBefore = socket.bytesRead;
    // Node has its own listener while it uses the socket, and none before and after. An agent may give one socket twice.
    if (!socket.listeners("error").includes(ignore)) socket.on("error", ignore);
    // It is secured already where an agent had it, HTTP/2 was asked for on it, or a proxy of https is spoken to for a ws target.
    const isTls = this.#target.isSecure && socket instanceof TLSSocket && socket.alpnProtocol === null;
    const connected = isTls ? "securing" : "asking";
    // Some addresses are refused at once, before anybody could listen.
    if (socket.destroyed) this.#onError(socket.errored ?? new Error("the socket was closed"));
    else if (socket.connecting) socket.once("connect", () => this.#reach(connected));
    else this.#reach(connected);
    if (isTls) socket.once("secureConnect", () => this.#reach("asking"));
  }

  #reach(stage: "securing" | "asking"): void {
    this.#patience.stage = stage;
  }

  #onUpgrade(response: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!this.#settle()) {
      socket.destroy();
      return;
    }
    // A server that ends its side may still be owed a close frame.
    socket.allowHalfOpen = true;
    this.#outcome.resolve({ kind: "switched", answer: answerOf(response), socket, transport: socket, head });
  }

  #onResponse(response: IncomingMessage): void {
    response.on("error", () => this.#onAnswered(false));
    // A 101 whose headers do not make it an upgrade for Node: it switches nothing, and is judged as one that would.
    if (response.statusCode === 101) {
      this.#abandon();
      this.#onUpgrade(response, response.socket, Buffer.alloc(0));
      return;
    }
    const body = new AnswerBody();
    this.#answer = { response, body };
    if (this.#isHeadEnough(answerOf(response))) {
      this.#onAnswered(false);
      return;
    }
    response.on("data", (chunk: Buffer) => {
      body.push(chunk);
      if (body.isTooLong) this.#onAnswered(false);
    });
    response.on("end", () => this.#onAnswered(response.complete));
  }

  #onAnswered(isBodyComplete: boolean): void {
    if (this.#answer === undefined || !this.#settle()) return;
    const { response, body } = this.#answer;
    // A body that was read to its end leaves a socket that an agent may use again.
    if (!isBodyComplete || !this.#hasAgent) this.#abandon();
    this.#outcome.resolve({ kind: "answered", answer: answerOf(response, body.bytes, isBodyComplete) });
  }

  #onError(cause: unknown): void {
    if (this.#answer !== undefined) this.#onAnswered(false);
    else this.#failBy(cause, networkFailure(cause, this.#patience.stage, this.#target.label));
  }

  #failBy(cause: unknown, error: ConnectError): void {
    if (!this.#isStale(cause)) this.#fail(error);
    else if (this.#settle()) {
      this.#abandon();
      this.#outcome.resolve({ kind: "stale", error });
    }
  }

  /**
   * Whether the socket was in use before and ended without a byte for us. As the documentation of `request.reusedSocket` has
   * it: servers close what is idle, and cannot know that a request is on its way.
   */
  #isStale(cause: unknown): boolean {
    if (!this.#request.reusedSocket || !(this.#socket instanceof Socket)) return false;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    return (code === "ECONNRESET" || code === "EPIPE") && this.#socket.bytesRead === this.#bytesBefore;
  }

  /** A deadline that comes while a body is read cuts the body only: what the server has answered is known. */
  readonly #onImpatience = (): void => {
    const { error } = this.#patience;
    if (this.#answer !== undefined && error.code === "timeout") this.#onAnswered(false);
    else this.#fail(error);
  };

  #fail(error: unknown): void {
    if (!this.#settle()) return;
    this.#abandon();
    this.#outcome.reject(error);
  }

  /** Whether this is the first time: an exchange has one outcome. */
  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#patience.signal.removeEventListener("abort", this.#onImpatience);
    return true;
  }

  #abandon(): void {
    this.#request.destroy();
    this.#socket?.destroy();
  }
}

function ignore(): void {}
