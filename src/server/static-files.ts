import { readdir, realpath, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join, relative, sep } from "node:path";

import { loadFileSender } from "./file-response.js";
import { pathOf, queryOf } from "./route-table.js";

/** Answers a request with a file, if it is for one; says whether it did. */
export type FileListener = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const INDEX = "index.html";

/**
 * Serves the files of `folder`, listed once: what is not in the list cannot be asked for. Not in it are names that begin with
 * a dot, and links that lead out of the folder. What a listed file has become by the time it is asked for is looked at then.
 *
 * @throws TypeError when `folder` is not a folder.
 */
export async function serveFiles(folder: string): Promise<FileListener> {
  const info = await stat(folder).catch(() => undefined);
  if (info === undefined || !info.isDirectory()) {
    throw new TypeError(`option static got ${JSON.stringify(folder)}; it takes a folder that exists`);
  }
  const root = await realpath(folder);
  const files = await listFiles(root);
  const sendFile = await loadFileSender();
  return async (request, response) => {
    const name = request.method === "GET" || request.method === "HEAD" ? decodePath(pathOf(request)) : undefined;
    if (name === undefined) return false;
    const file = files.get(name.endsWith("/") ? name + INDEX : name);
    // Links in the index of a folder are relative to the folder, so its path has to end in a slash.
    if (file === undefined && files.has(`${name}/${INDEX}`)) {
      redirect(response, `${pathOf(request)}/${queryOf(request)}`);
      return true;
    }
    if (file === undefined || !(await isFileIn(root, file))) return false;
    sendFile(request, response, file);
    return true;
  };
}

/** The files in `root` and its folders by the decoded path that asks for them. Links to folders are not followed. */
async function listFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const names = relative(root, file).split(sep);
    if (names.some(isHidden)) continue;
    if (await isFileIn(root, file)) files.set(`/${names.join("/")}`.normalize(), file);
  }
  return files;
}

/** RFC 8615: what lies in `.well-known` is there to be found. */
function isHidden(name: string): boolean {
  return name.startsWith(".") && name !== ".well-known";
}

/** Whether `file` is a regular file, and lies in `root` once all links are followed. */
async function isFileIn(root: string, file: string): Promise<boolean> {
  try {
    const target = await realpath(file);
    const isInside = target.startsWith(root.endsWith(sep) ? root : root + sep);
    return isInside && (await stat(target)).isFile();
  } catch {
    return false;
  }
}

/** The path in the form in which files are listed, or undefined for one that can be no file's. */
function decodePath(path: string): string | undefined {
  // An encoded slash is a character of a name (RFC 3986 §2.2), and no file has it in its name.
  if (/%2f/i.test(path)) return undefined;
  try {
    return decodeURIComponent(path).normalize();
  } catch {
    return undefined;
  }
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(308, { "Content-Length": 0, Location: location });
  response.end();
}
