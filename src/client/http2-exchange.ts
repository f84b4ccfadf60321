import { Buffer } from "node:buffer";
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";

import { destroySocket } from "../connection/index.js";
import { type Deferred, defer } from "../internal/deferred.js";
import { AnswerBody } from "./answer-body.js";
import { type ConnectError, connectError } from "./connect-error.js";
import type { IsHeadEnough, Outcome } from "./exchange.js";
import { answerOverHttp2, type HttpAnswer } from "./http-answer.js";
import type { Http2Session } from "./http2-session.js";
import type { Asked } from "./http2-sessions.js";
import { networkFailure } from "./network-failure.js";
import type { Patience } from "./patience.js";
import type { Http1Instead } from "./session-opening.js";
import type { Target } from "./target.js";

/** What a server made of a handshake request over HTTP/2; it may want it over HTTP/1.1 (RFC 9113 §7, HTTP_1_1_REQUIRED). */
export type Http2Outcome = Outcome | Http1Instead;

const NOTHING = Buffer.alloc(0);

/**
 * Waits for the answer to an extended CONNECT (RFC 8441 §5). Rejects with the `ConnectError` of what went wrong; then, and after an
 * answer that is not a 2xx, the stream is closed and its session goes on.
 */
export function exchangeOverHttp2(
  { stream, session }: Asked,
  target: Target,
  patience: Patience,
  isHeadEnough: IsHeadEnough,
): Promise<Http2Outcome> {
  patience.stage = "asking";
  return new Http2Exchange(stream, session, target, patience, isHeadEnough).outcome;
}

class Http2Exchange {
  readonly #stream: ClientHttp2Stream;
  readonly #session: Http2Session;
  /** Whether the session was in use before, so that it may have died unnoticed. */
  readonly #isReused: boolean;
  readonly #target: Target;
  readonly #patience: Patience;
  readonly #isHeadEnough: IsHeadEnough;
  readonly #outcome: Deferred<Http2Outcome> = defer();
  #isSettled = false;
  /** The answer whose body is being read. */
  #answer: { readonly headers: IncomingHttpHeaders; readonly body: AnswerBody } | undefined;

  constructor(
    stream: ClientHttp2Stream,
    session: Http2Session,
    target: Target,
    patience: Patience,
    isHeadEnough: IsHeadEnough,
  ) {
    this.#stream = stream;
    this.#session = session;
    this.#isReused = session.hasAnswered;
    this.#target = target;
    this.#patience = patience;
    this.#isHeadEnough = isHeadEnough;
    stream.on("response", (headers) => this.#onResponse(headers));
    stream.on("error", ignore); // `close` follows
    stream.on("close", this.#onClose);
    patience.signal.addEventListener("abort", this.#onImpatience, { once: true });
    if (patience.signal.aborted) this.#onImpatience();
  }

  get outcome(): Promise<Http2Outcome> {
    return this.#outcome.promise;
  }

  #onResponse(headers: IncomingHttpHeaders): void {
    const answer = answerOverHttp2(headers);
    // RFC 8441 §5: a 2xx opens the WebSocket.
    if (answer.status >= 200 && answer.status <= 299) this.#onLetIn(answer);
    else if (this.#isHeadEnough(answer)) this.#conclude({ kind: "answered", answer });
    else this.#readBody(headers);
  }

  #onLetIn(answer: HttpAnswer): void {
    if (!this.#settle()) return;
    const { transport } = this.#session;
    this.#outcome.resolve({ kind: "switched", answer, socket: this.#stream, transport, head: NOTHING });
  }

  #readBody(headers: IncomingHttpHeaders): void {
    const body = new AnswerBody();
    this.#answer = { headers, body };
    this.#stream.on("data", (chunk: Buffer) => {
      body.push(chunk);
      if (body.isTooLong) this.#onAnswered(false);
    });
    this.#stream.on("end", () => this.#onAnswered(!this.#stream.aborted));
  }

  #onAnswered(isBodyComplete: boolean): void {
    if (this.#answer === undefined) return;
    const { headers, body } = this.#answer;
    this.#conclude({ kind: "answered", answer: answerOverHttp2(headers, body.bytes, isBodyComplete) });
  }

  /** The stream is gone, and nothing was answered, or not all of it. */
  readonly #onClose = (): void => {
    if (this.#answer !== undefined) this.#onAnswered(false);
    else if (this.#stream.rstCode === constants.NGHTTP2_HTTP_1_1_REQUIRED)
      this.#conclude({ kind: "http1", socket: undefined });
    else if (this.#isStale) {
      if (!this.#session.isLost) this.#session.onRefused();
      this.#conclude({ kind: "stale", error: this.#lost() });
    } else this.#fail(this.#lost());
  };

  /**
   * Whether the request may be sent again: the server says that it has not looked at it (RFC 9113 §8.7; of streams behind the last one of
   * a GOAWAY Node says it), or the session was in use before and is gone or dead, or had one stream too many in the eyes of a server
   * of `node:http2`: that counts a stream for a moment longer than we may, and then says ENHANCE_YOUR_CALM.
   */
  get #isStale(): boolean {
    const { rstCode } = this.#stream;
    if (rstCode === constants.NGHTTP2_REFUSED_STREAM) return true;
    return this.#isReused && (this.#session.isLost || rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #lost(): ConnectError {
    const { rstCode, errored } = this.#stream;
    const { label } = this.#target;
    if (this.#session.isLost) return networkFailure(errored ?? new Error("the session ended"), "asking", label);
    return connectError("closed", label, `the server reset the stream before it had answered (code ${rstCode})`);
  }

  /** A deadline that comes while a body is read cuts the body only: what the server has answered is known. */
  readonly #onImpatience = (): void => {
    const { error } = this.#patience;
    if (this.#answer !== undefined && error.code === "timeout") this.#onAnswered(false);
    else this.#fail(error);
  };

  #conclude(outcome: Http2Outcome): void {
    if (!this.#settle()) return;
    destroySocket(this.#stream);
    this.#outcome.resolve(outcome);
  }

  #fail(error: unknown): void {
    if (!this.#settle()) return;
    destroySocket(this.#stream);
    this.#outcome.reject(error);
  }

  /** Whether this is the first time: an exchange has one outcome. */
  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#stream.off("close", this.#onClose);
    this.#patience.signal.removeEventListener("abort", this.#onImpatience);
    return true;
  }
}

function ignore(): void {}
