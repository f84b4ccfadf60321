import type { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type RequestOptions, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

import { acceptKey, withinBudget } from "../connection/index.js";
import {
  type DeflateAgreement,
  type HandshakeAgreement,
  readHandshakeResponse,
  type ResponseFaultCode,
  responseFaults,
} from "../protocol/index.js";
import { type ConnectError, connectError } from "./connect-error.js";
import type { ResolvedConnectOptions } from "./connect-options.js";
import { cookiesFor, keepCookies } from "./cookies.js";
import { exchange, type Outcome } from "./exchange.js";
import { handshakeHeaders } from "./handshake-request.js";
import { type Hop, nextHop } from "./hop.js";
import type { HttpAnswer } from "./http-answer.js";
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

/** A socket that has become a WebSocket's. */
export interface Opened {
  readonly target: Target;
  readonly agreement: HandshakeAgreement;
  readonly answer: HttpAnswer;
  readonly socket: Duplex;
  /** What came behind the answer. */
  readonly head: Buffer;
}

/** The client's side of the opening handshake, RFC 6455 §4.1, with as many servers as redirect to another. */
export class Handshake {
  readonly #options: ResolvedConnectOptions;
  readonly #patience: Patience;
  /** The permessage-deflate that is offered. */
  readonly #deflate: DeflateAgreement | undefined;

  constructor(options: ResolvedConnectOptions, patience: Patience) {
    this.#options = options;
    this.#patience = patience;
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
    const cookie = await this.#cookiesFor(hop.target);
    const headers = handshakeHeaders(hop, { key, cookie, deflate: this.#deflate }, this.#options);
    this.#patience.stage = "connecting";
    const way = await this.#wayTo(hop);
    return await exchange(hop.target, { ...way, headers }, this.#patience, (response) => this.#isFollowed(response));
  }

  /** What `node:http` needs to get to the hop's server. */
  async #wayTo(hop: Hop): Promise<RequestOptions> {
    const { agent } = this.#options;
    if (agent !== undefined) return hop.target.isSecure ? { ...tlsDefaults(hop.target), ...hop.tls, agent } : { agent };
    return through(await openTransport(routeTo(hop, this.#options), this.#patience));
  }

  /** Judges an answer of 101. */
  async #conclude({ answer, socket, head }: Switched, target: Target, key: string): Promise<Opened> {
    try {
      await this.#keepCookies(target, answer);
      this.#patience.signal.throwIfAborted();
      const { subprotocols } = this.#options;
      const expected = { accept: acceptKey(key), subprotocols, deflate: this.#deflate };
      const verdict = readHandshakeResponse(answer, expected);
      if (verdict.kind === "failure") throw badAnswer(verdict.fault, target, answer);
      return { target, agreement: verdict, answer, socket, head };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Where an answer that is not 101 sends us; throws the error that it stands for where that is nowhere. */
  #whereTo(answer: HttpAnswer, from: Target, redirects: number): Target {
    const { followRedirects } = this.#options;
    const { status } = answer;
    if (!this.#isFollowed(answer)) {
      const name = `${status} ${STATUS_CODES[status] ?? ""}`.trimEnd();
      // RFC 9110 §15.5.8: a 407 is a proxy's word, whoever hands it on.
      const who = status === 407 ? "a proxy on the way" : "the server";
      throw connectError("http-status", from.label, `${who} answered ${name} instead of 101`, { response: answer });
    }
    if (redirects < followRedirects) return redirectTarget(answer, from);
    const what = `it redirects once more than followRedirects (${followRedirects}) allows`;
    throw connectError("redirect-refused", from.label, what, { response: answer });
  }

  #isFollowed(answer: Pick<HttpAnswer, "status" | "headers">): boolean {
    return this.#options.followRedirects > 0 && isRedirect(answer);
  }

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

type Switched = Extract<Outcome, { readonly kind: "switched" }>;

function badAnswer(fault: ResponseFaultCode, { label }: Target, response: HttpAnswer): ConnectError {
  const { subject, rfc = 6455, section, explanation } = responseFaults[fault];
  return connectError(`bad-${subject}`, label, `${fault}: ${explanation} (RFC ${rfc} §${section})`, {
    fault,
    response,
  });
}
