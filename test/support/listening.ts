import { onTestFinished } from "vitest";
import { serve, type Server, type ServeOptions } from "../../src/server/index.js";

/** Starts `serve` on a free port of 127.0.0.1, unless `options` say another; it stops when the test is over. */
export async function listening<Data = undefined>(options: Partial<ServeOptions<Data>>): Promise<Server<Data>> {
  const server = await serve<Data>({ host: "127.0.0.1", routes: {}, ...options });
  onTestFinished(async () => {
    for (const connection of server.connections) connection.terminate();
    await server.close({ deadlineMs: 0 });
  });
  return server;
}
