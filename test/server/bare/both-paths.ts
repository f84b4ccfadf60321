import type { Server, ServeOptions } from "../../../src/server/index.js";
import { listening } from "../../support/listening.js";
import { nextTurn } from "../../support/turns.js";

/** How `serve` may take a connection: from the handle, or by a `net.Socket` and the parser of `node:http`. */
export const PATHS = ["bare", "plain"] as const;
export type Path = (typeof PATHS)[number];

/** Starts `serve` so that connections take `path`. */
export async function listeningOn<Data = undefined>(
  path: Path,
  options: Partial<ServeOptions<Data>>,
): Promise<Server<Data>> {
  const server = await listening<Data>(options);
  if (path === "plain") server.http.on("connection", () => {}); // whoever listens wants a socket
  return server;
}

/** How many connections of TCP `server` has, as Node counts them. */
export function countOf(server: Server<never> | Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.http.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** Resolves once `server` has no more than `count` connections of TCP. */
export async function untilCount(server: Server<never> | Server, count: number): Promise<void> {
  while ((await countOf(server)) !== count) await nextTurn();
}
