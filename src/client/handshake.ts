import { randomBytes } from "node:crypto";
import { type RequestOptions, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

import { acceptKey, destroySocket, type TimerWheel, withinBudget } from "../connection/index.js";
import {
  type DeflateAgreement,
  type HandshakeAgreement,
  readHandshakeAgreement,
  readHandshakeResponse,
  type ResponseFaultCode,
  responseFaults,
} from "../protocol/index.js";
import { type ConnectError, connectError } from "./connect-error.js";
import type { ResolvedConnectOptions } from "./connect-options.js";
import { cookiesFor, keepCookies } from "./cookies.js";
import { exchange, type Outcome, type Switched } from "./exchange.js";
import { connectHeaders, type RequestParts, upgradeHeaders } from "./handshake-request.js";
import { type Hop, nextHop } from "./hop.js";
import type { HttpAnswer } from "./http-answer.js";
import { exchangeOverHttp2, type Http2Outcome } from "./http2-exchange.js";
import { sharedSessions } from "./http2-sessions.js";
import type { Patience } from "./patience.js";
import { isRedirect, redirectTarget } from "./redirect.js";
import { openTransport, routeTo } from "./route.js";
import type { Target } from "./target.js";
import { tlsDefaults } from "./transport.js";

/**
 * How often another socket is asked for because an agent's was dead. A firewall may forget all that are idle at once; but a
 * server that resets every handshake looks the same, and shall not cost the agent all its sockets.
 */
const MAX_STALE_SOCKETS = 5;

/** A socket that has become a WebSocket's, and what was agreed on. */
export interface Opened extends Omit<Switched, "kind"> {
  readonly target: Target;
  readonly agreement: HandshakeAgreement;
}

/** The client's side of the opening handshake, RFC 6455 §4.1, with as many servers as redirect to another. */
export class Handshake {
  readonly #options: ResolvedConnectOptions;
  readonly #patience: Patience;
  readonly #timers: TimerWheel;
  /** The permessage-deflate that is offered. */
  readonly #deflate: DeflateAgreement | undefined;

  constructor(options: ResolvedConnectOptions, patience: Patience, timers: TimerWheel) {
    this.#options = options;
    this.#patience = patience;
    this.#timers = timers;
    const { compression } = options.connection;
    this.#deflate = compression === undefined ? undefined : withinBudget(compression);
  }

  /**
   * Goes from server to server until one has switched to WebSocket. Rejects with a `ConnectError`, and with nothing left
   * open, when none does.
   */
  async run(first: Hop): Promise<Opened> {
    let hop = first;
    let redirects = 0;
    let stale = 0;
    for (;;) {
      // RFC 6455 §4.1 (7): a nonce of 16 bytes, chosen at random for each connection.
      const key = randomBytes(16).toString("base64");
      const outcome = await this.#ask(hop, key);
      switch (outcome.kind) {
        case "switched":
          return await this.#conclude(outcome, hop.target, key);
        case "answered":
          await this.#keepCookies(hop.target, outcome.answer);
          hop = nextHop(hop, this.#whereTo(outcome.answer, hop.target, redirects++));
          break;
        case "stale":
          if (stale++ === MAX_STALE_SOCKETS) throw outcome.error;
      }
    }
  }

  /** Sends the handshake request to the hop's server and waits for the answer. */
  async #ask(hop: Hop, key: string): Promise<Outcome> {
    this.#patience.signal.throwIfAborted();
    const parts = { cookie: await this.#cookiesFor(hop.target), deflate: this.#deflate };
    this.#patience.stage = "connecting";
    const outcome = this.#options.http2 ? await this.#askOverHttp2(hop, parts) : undefined;
    if (outcome !== undefined && outcome.kind !== "http1") return outcome;
    const way = outcome?.socket === undefined ? await this.#wayTo(hop) : through(outcome.socket);
    const headers = upgradeHeaders(hop, key, parts, this.#options);
    return await exchange(hop.target, { ...way, headers }, this.#patience, this.#isFollowed);
  }

  /** The same over HTTP/2, unless a wss server wants HTTP/1.1. */
  async #askOverHttp2(hop: Hop, parts: RequestParts): Promise<Http2Outcome> {
    const headers = connectHeaders(hop, parts, this.#options);
    const asked = await sharedSessions.request(routeTo(hop, this.#options), headers, this.#patience, this.#timers);
    if (asked.kind === "http1") return asked;
    const outcome = await exchangeOverHttp2(asked, hop.target, this.#patience, this.#isFollowed);
    if (outcome.kind !== "http1" || hop.target.isSecure) return outcome;
    throw connectError("http2-failed", hop.target.label, "it wants to be asked over HTTP/1.1");
  }

  /** What `node:http` needs to get to the hop's server. */
  async #wayTo(hop: Hop): Promise<RequestOptions> {
    const { agent } = this.#options;
    if (agent !== undefined) return hop.target.isSecure ? { ...tlsDefaults(hop.target), ...hop.tls, agent } : { agent };
    return through(await openTransport(routeTo(hop, this.#options), this.#patience));
  }

  /** Judges an answer of 101. */
  async #conclude(switched: Switched, target: Target, key: string): Promise<Opened> {
    const { answer, socket } = switched;
    try {
      await this.#keepCookies(target, answer);
      this.#patience.signal.throwIfAborted();
      const { subprotocols } = this.#options;
      const expected = { accept: acceptKey(key), subprotocols, deflate: this.#deflate };
      const read = answer.httpVersion === "2.0" ? readHandshakeAgreement : readHandshakeResponse;
      const verdict = read(answer, expected);
      if (verdict.kind === "failure") throw badAnswer(verdict.fault, target, answer);
      return { ...switched, target, agreement: verdict };
    } catch (error) {
      destroySocket(socket);
      throw error;
    }
  }

  /** Where an answer that is not 101 sends us; throws the error that it stands for where that is nowhere. */
  #whereTo(answer: HttpAnswer, from: Target, redirects: number): Target {
    const { followRedirects } = this.#options;
    const { status, httpVersion } = answer;
    if (!this.#isFollowed(answer)) {
      const name = `${status} ${STATUS_CODES[status] ?? ""}`.trimEnd();
      // RFC 9110 §15.5.8: a 407 is a proxy's word, whoever hands it on.
      const who = status === 407 ? "a proxy on the way" : "the server";
      throw connectError(
        "http-status",
        from.label,
        `${who} answered ${name} instead of ${httpVersion === "2.0" ? 200 : 101}`,
        { response: answer },
      );
    }
    if (redirects < followRedirects) return redirectTarget(answer, from);
    const what = `it redirects once more than followRedirects (${followRedirects}) allows`;
    throw connectError("redirect-refused", from.label, what, { response: answer });
  }

  readonly #isFollowed = (answer: Pick<HttpAnswer, "status" | "headers">): boolean =>
    this.#options.followRedirects > 0 && isRedirect(answer);

  async #cookiesFor(target: Target): Promise<string> {
    const { cookies } = this.#options;
    if (cookies === undefined) return "";
    this.#patience.stage = "using-cookies";
    return await this.#patience.within(cookiesFor(cookies, target));
  }

  async #keepCookies(target: Target, answer: HttpAnswer): Promise<void> {
    const { cookies } = this.#options;
    if (cookies === undefined || this.#patience.signal.aborted) return;
    this.#patience.stage = "using-cookies";
    await this.#patience.within(keepCookies(cookies, target, answer));
  }
}

function through(socket: Duplex): RequestOptions {
  return { createConnection: () => socket };
}

function badAnswer(fault: ResponseFaultCode, { label }: Target, response: HttpAnswer): ConnectError {
  const { subject, rfc = 6455, section, explanation } = responseFaults[fault];
  return connectError(`bad-${subject}`, label, `${fault}: ${explanation} (RFC ${rfc} §${section})`, {
    fault,
    response,
  });
}
