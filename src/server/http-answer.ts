import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { pathOf } from "./route-table.js";
import type { FileListener } from "./static-files.js";

type HttpResponse = Parameters<RequestListener>[1];

/** What answers plain HTTP requests. */
export interface HttpAnswers {
  readonly isRoute: (path: string) => boolean;
  readonly files: FileListener | undefined;
  readonly fallback: RequestListener | undefined;
}

/** A listener that tries, in order, the WebSocket routes (426: upgrade first), the files and the fallback. */
export function answerHttp(answers: HttpAnswers): RequestListener {
  return (request, response) => {
    if (answers.isRoute(pathOf(request))) requireUpgrade(response);
    else if (answers.files === undefined) fallBack(answers, request, response);
    else answers.files(request, response, () => fallBack(answers, request, response));
  };
}

function fallBack(answers: HttpAnswers, request: IncomingMessage, response: HttpResponse): void {
  if (answers.fallback !== undefined) answers.fallback(request, response);
  else answerText(response, 404, "Not found\n");
}

/** RFC 9110 §15.5.22: a 426 names the protocol to upgrade to. */
function requireUpgrade(response: ServerResponse): void {
  response.setHeader("Upgrade", "websocket");
  response.setHeader("Connection", "Upgrade");
  answerText(response, 426, "This path speaks WebSocket: connect with ws:// or wss://\n");
}

function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" });
  response.end(text);
}
