import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ConnectionError, serve, type Server } from "halyard/server";

/** Takes one upload, which has to begin within `beginMs` and to be through `wholeMs` after that. */
export function start(port: number, file: string, beginMs: number, wholeMs: number): Promise<Server> {
  return serve({
    port,
    routes: {
      "/upload": async (socket) => {
        try {
          const upload = await socket.receiveStream({ timeoutMs: beginMs });
          if (upload === undefined) return;
          await pipeline(Readable.from(upload), createWriteStream(file), { signal: AbortSignal.timeout(wholeMs) });
          await socket.send("saved");
        } catch (error) {
          if (!isLate(error)) throw error;
          await socket.close(1008, "too slow");
        }
      },
    },
  });
}

function isLate(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.code === "receive-timeout";
  return error instanceof Error && error.name === "AbortError"; // what `pipeline` makes of the signal
}
