import type { IncomingMessage, ServerResponse } from "node:http";

import { checkKeys, describeValue } from "../internal/option-check.js";
import { answerText } from "./text-answer.js";

/** Where `serve` tells those who run it how it is. */
export interface HealthOptions {
  /** Answers 200 as long as the process answers at all. Default `"/healthz"`. */
  readonly livePath?: string | undefined;
  /** Answers 200, and 503 from the moment when the server is asked to close, so that nobody sends it new clients. Default `"/readyz"`. */
  readonly readyPath?: string | undefined;
}

const optionNames: Readonly<Record<keyof HealthOptions, true>> = { livePath: true, readyPath: true };

/**
 * Answers the health paths: a line of text without secrets, to anybody, whatever the Host header says; who probes knows an
 * address and no name. It asks nobody, so it is as fast as the process.
 */
export class Health {
  readonly #live: string;
  readonly #ready: string;
  #state: "ready" | "draining" = "ready";

  constructor(live: string, ready: string) {
    this.#live = live;
    this.#ready = ready;
  }

  /** The server will stop: from now on it is not ready. */
  drain(): void {
    this.#state = "draining";
  }

  /** Answers a request for one of its paths; says whether it was one. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    if (path === this.#live) answer(request, response, 200, "alive\n");
    else if (path === this.#ready) answer(request, response, this.#state === "ready" ? 200 : 503, `${this.#state}\n`);
    else return false;
    return true;
  }
}

/**
 * @throws RangeError or TypeError that names the option, what it got and what it takes; for a path that is a route, too.
 */
export function resolveHealth(
  option: boolean | HealthOptions | undefined,
  isRoute: (path: string) => boolean,
): Health | undefined {
  if (option === undefined || option === false) return undefined;
  if (option !== true && typeof option !== "object") throw notTaken(option);
  if (option === null) throw notTaken(option);
  const options = option === true ? {} : option;
  checkKeys("health", options, Object.keys(optionNames));
  const live = checkPath("livePath", options.livePath, "/healthz", isRoute);
  const ready = checkPath("readyPath", options.readyPath, "/readyz", isRoute);
  return new Health(live, ready);
}

function answer({ method }: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  if (method === "GET" || method === "HEAD") answerText(response, status, text, { "Cache-Control": "no-store" });
  else answerText(response, 405, "Ask with GET or HEAD\n", { Allow: "GET, HEAD" });
}

function checkPath(
  name: string,
  path: string | undefined,
  fallback: string,
  isRoute: (path: string) => boolean,
): string {
  const given = path ?? fallback;
  if (typeof given !== "string" || !/^\/[^?#]*$/.test(given)) {
    throw new RangeError(`option health.${name} got ${describeValue(given)}; it takes a path that begins with "/"`);
  }
  if (isRoute(given))
    throw new RangeError(`option health.${name} got ${describeValue(given)}, which is a route; it takes another path`);
  return given;
}

function notTaken(option: unknown): TypeError {
  return new TypeError(`option health got ${describeValue(option)}; it takes true, false or an object with paths`);
}
