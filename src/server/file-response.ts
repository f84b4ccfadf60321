import type { ReadStream, Stats } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";

import { answerText } from "./text-answer.js";

/** Answers a request with a file, given by its absolute path. */
export type FileSender = (request: IncomingMessage, response: ServerResponse, file: string) => void;

/**
 * A sender of files with type, ETag and date, that knows conditional requests (RFC 9110 §13) and ranges (§14): through `send`,
 * which is loaded only here. Whatever becomes of a file meanwhile, the client gets a status, or the connection ends where it
 * has one already.
 */
export async function loadFileSender(): Promise<FileSender> {
  const { default: send } = await import("send");
  return (request, response, file) => {
    const sending = send(request, encodeURIComponent(file), {
      dotfiles: "allow", // Those in the folder are not listed; these are in the folder's own path.
      index: false,
      cacheControl: false,
    });
    sending.on("file", (_path: string, { size }: Stats) => ignoreWholeSuffix(request, size));
    sending.on("headers", () => {
      // Ask again each time: without it a browser guesses, for years where a package's files are dated 1985.
      response.setHeader("Cache-Control", "no-cache");
      response.setHeader("X-Content-Type-Options", "nosniff");
    });
    sending.on("stream", (stream: ReadStream) => holdToLength(response, stream));
    sending.on("error", (error: SendFailure) => answerFailure(response, error));
    sending.pipe(response);
  };
}

/** RFC 9110 §14.1.2: of a file that is shorter than the suffix asked for, all is meant; `send` would answer 416. */
function ignoreWholeSuffix({ headers }: IncomingMessage, size: number): void {
  const suffix = /^bytes=-(\d+)$/.exec(headers.range ?? "")?.[1];
  if (suffix !== undefined && size > 0 && Number(suffix) > size) delete headers.range;
}

/** A file may have another length by now than the one that the client was told: it gets no less and no more. */
function holdToLength(response: ServerResponse, stream: ReadStream): void {
  const length = Number(response.getHeader("Content-Length"));
  if (length === 0) {
    // The end of a range is inclusive, so `send` asks for the first byte of an empty file.
    stream.destroy();
    response.end();
    return;
  }
  // This runs before `send` ends the response.
  stream.once("end", () => {
    if (stream.bytesRead < length) response.destroy();
  });
}

/** What `send` makes of a file that it cannot send, or of conditions that do not hold. */
interface SendFailure {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const explanations: Readonly<Record<number, string>> = {
  404: "Not found\n",
  412: "The file has changed\n",
  416: "The file has no such range\n",
};

function answerFailure(response: ServerResponse, { status, headers = {} }: SendFailure): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  answerText(response, status, explanations[status] ?? "The file cannot be read\n", headers);
}
