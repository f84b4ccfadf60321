import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { isThenable } from "../internal/thenable.js";
import type { Health } from "./health.js";
import { type HostCheck, hostnameOf } from "./host-policy.js";
import type { ResolvedTrustProxy } from "./proxy/trust-proxy.js";
import { refusalOf } from "./refusal.js";
import { clientOf } from "./request-client.js";
import { pathOf } from "./route-table.js";
import type { FileListener } from "./static-files.js";
import { answerText } from "./text-answer.js";
import { endsOf } from "./opening.js";
import { describeRequest } from "./upgrade-request.js";

type HttpResponse = Parameters<RequestListener>[1];

/** What answers plain HTTP requests. */
export interface HttpAnswers {
  readonly checkHost: HostCheck;
  readonly trustProxy: ResolvedTrustProxy | undefined;
  readonly health: Health | undefined;
  readonly isRoute: (path: string) => boolean;
  readonly files: FileListener | undefined;
  readonly fallback: RequestListener | undefined;
  /** Told of what the owner's functions throw. */
  readonly report: (error: unknown) => void;
}

/**
 * A listener that answers the health paths, holds other requests to the host policy (421), and then tries, in order, the WebSocket routes (426: upgrade
 * first), the files and the fallback. What `checkHost` or the fallback throws is the request's end only.
 */
export function answerHttp(answers: HttpAnswers): RequestListener {
  return (request, response) => {
    if (answers.health?.answer(pathOf(request), request, response) === true) return;
    runGuarded(answers, response, () => {
      const { host: hostHeader, [":authority"]: authority = hostHeader } = request.headers;
      // RFC 9113 §8.3.1: a server SHOULD take a request as malformed whose Host names another host than its :authority.
      const host = String(authority ?? "");
      if (hostHeader !== undefined && hostHeader.toLowerCase() !== host.toLowerCase())
        return answerText(response, 400, "Two different hosts\n");
      const client = clientOf(request, endsOf(request.socket), answers.trustProxy);
      const described = describeRequest(request, host, client);
      const isAllowed = answers.checkHost(hostnameOf(described.host), described);
      if (!isThenable(isAllowed)) return answerIf(isAllowed, answers, request, response);
      return isAllowed.then((result) => answerIf(result, answers, request, response));
    });
  };
}

function answerIf(isAllowed: boolean, answers: HttpAnswers, request: IncomingMessage, response: HttpResponse): unknown {
  if (!isAllowed) {
    const { status, body } = refusalOf("host-not-allowed");
    return answerText(response, status, String(body));
  }
  if (answers.isRoute(pathOf(request))) return requireUpgrade(request, response);
  if (answers.files === undefined) return fallBack(answers, request, response);
  return answers.files(request, response).then((isAnswered) => {
    return isAnswered ? undefined : fallBack(answers, request, response);
  });
}

function fallBack(answers: HttpAnswers, request: IncomingMessage, response: HttpResponse): unknown {
  if (answers.fallback !== undefined) return answers.fallback(request, response);
  return answerText(response, 404, "Not found\n");
}

/** Runs `answer`; if it throws or rejects, reports that and ends the response, with 500 where it has not begun. */
function runGuarded(answers: HttpAnswers, response: HttpResponse, answer: () => unknown): void {
  const fail = (error: unknown): void => {
    answers.report(error);
    if (response.headersSent) response.destroy();
    else answerText(response, 500, "The server could not answer\n");
  };
  try {
    const result = answer();
    if (isThenable(result)) result.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}

/** RFC 9110 §15.5.22: a 426 names the protocol to upgrade to, which HTTP/2 has no header for; RFC 8441 §4 has a method instead. */
function requireUpgrade(request: IncomingMessage, response: ServerResponse): void {
  const text = "This path speaks WebSocket: connect with ws:// or wss://\n";
  if (request.httpVersion === "2.0") return answerText(response, 405, text, { Allow: "CONNECT" });
  return answerText(response, 426, text, {
    Upgrade: "websocket",
    Connection: response.shouldKeepAlive ? "Upgrade" : "close, Upgrade",
  });
}
