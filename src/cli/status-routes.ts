import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { PROMETHEUS_CONTENT_TYPE, prometheusText, type TallyCounts } from "../observers/index.js";
import { maySee } from "./status-access.js";
import { statusReport } from "./status-report.js";

const INTERVAL_MS = 1_000;
/** Readers at once, so that nobody fills the server with them. */
const MAX_READERS = 32;

/** What is answered, and to whom. */
export interface StatusSetup {
  readonly metrics: boolean;
  readonly status: boolean;
  readonly token: string | undefined;
  /** What is shown; rejects where it cannot be had. */
  readonly count: () => TallyCounts | Promise<TallyCounts>;
}

/** The pages by which one looks inside `halyard serve`: /metrics, /status and the events that the latter draws. */
export class StatusRoutes {
  readonly #setup: StatusSetup;
  readonly #readers = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(setup: StatusSetup) {
    this.#setup = setup;
  }

  /** Answers what no route and no file has. */
  readonly listener: RequestListener = (request, response) => {
    const { metrics, status } = this.#setup;
    const path = (request.url ?? "").replace(/\?.*$/s, "");
    if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 404, "Not found\n");
    // The page holds no secrets: what it draws it asks for with the token, which stands behind # and so in no log.
    if (status && path === "/status") return answer(response, 302, "", { Location: "/status.html" });
    if (status && path === "/status/events") {
      return this.#guarded(request, response, (counts) => this.#stream(response, counts, request.method === "HEAD"));
    }
    if (!metrics || path !== "/metrics") return answer(response, 404, "Not found\n");
    this.#guarded(request, response, (counts) =>
      answer(response, 200, prometheusText(counts), { "Content-Type": PROMETHEUS_CONTENT_TYPE }),
    );
  };

  /** Ends the streams, which would hold up the end of the server. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const reader of this.#readers) reader.end();
  }

  #guarded(request: IncomingMessage, response: ServerResponse, then: (counts: TallyCounts) => void): void {
    if (!maySee(request, this.#setup.token)) {
      const why =
        "This needs the token that halyard serve was given or has printed, and no page of another site may ask.\n";
      return answer(response, 401, why, { "WWW-Authenticate": "Bearer" });
    }
    this.#count().then(then, ({ message }: Error) => answer(response, 503, `There are no numbers now: ${message}.\n`));
  }

  async #count(): Promise<TallyCounts> {
    return await this.#setup.count();
  }

  /** Server-sent events, one report a second. Who does not read misses some, rather than having them queued. */
  #stream(response: ServerResponse, counts: TallyCounts, isHead: boolean): void {
    if (isHead) return answer(response, 200, "", { "Content-Type": "text/event-stream" });
    if (this.#readers.size >= MAX_READERS) return answer(response, 503, "Too many are looking already.\n");
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(eventOf(counts));
    if (this.#isClosed || response.destroyed) return void response.end();
    this.#readers.add(response);
    response.on("close", () => {
      this.#readers.delete(response);
      if (this.#readers.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    this.#timer ??= setInterval(() => this.#tell(), INTERVAL_MS);
  }

  #tell(): void {
    this.#count().then(
      (counts) => {
        const event = eventOf(counts);
        for (const reader of this.#readers) {
          if (!reader.writableNeedDrain && !reader.writableEnded) reader.write(event);
        }
      },
      () => {}, // the page draws a gap
    );
  }
}

function eventOf(counts: TallyCounts): string {
  return `data: ${JSON.stringify(statusReport(counts))}\n\n`;
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(body);
}
