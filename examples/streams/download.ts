import { createReadStream } from "node:fs";
import { serve, type Server } from "halyard/server";

/** Sends a file as one binary message, no faster than the peer takes it. */
export function start(port: number, file: string): Promise<Server> {
  return serve({
    port,
    routes: {
      "/film": async (socket) => {
        await socket.send(createReadStream(file));
      },
    },
  });
}
