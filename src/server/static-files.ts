import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Answers a request with a file, or calls `next`. */
export type FileListener = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Serves the files of `folder`, listed once: what is not in the list cannot be asked for. With ETags and conditional
 * requests, through sirv, which is loaded only here.
 *
 * @throws TypeError when `folder` is not a folder.
 */
export async function serveFiles(folder: string): Promise<FileListener> {
  const info = await stat(folder).catch(() => undefined);
  if (info === undefined || !info.isDirectory()) {
    throw new TypeError(`option static got ${JSON.stringify(folder)}; it takes a folder that exists`);
  }
  const { default: sirv } = await import("sirv");
  const files = sirv(folder, {
    etag: true,
    maxAge: 0, // ask again each time: without it a browser guesses, for years where a package's files are dated 1985
    setHeaders: (response) => response.setHeader("X-Content-Type-Options", "nosniff"),
  });
  return (request, response, next) => {
    const isRead = request.method === "GET" || request.method === "HEAD"; // sirv looks at the path only
    if (isRead) files(request, response, next);
    else next();
  };
}
