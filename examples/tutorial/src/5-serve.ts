import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Message, serve, type ServeOptions, type Server } from "halyard/server";

/** The server of step 4, with everything around the echo left to `serve`; with `tls` it speaks https and wss. */
export function start(port: number, tls?: ServeOptions["tls"]): Promise<Server> {
  return serve({
    port,
    tls,
    static: fileURLToPath(new URL("../page", import.meta.url)),
    routes: {
      "/echo": async (socket) => {
        for await (const message of socket) {
          console.log(`${socket.remote} sent: ${printable(message)}`);
          await socket.send(message);
        }
      },
    },
  });
}

/** A message as a terminal may show it: without the control characters, which it would obey. */
function printable(message: Message): string {
  return typeof message === "string" ? message.replaceAll(/\p{Cc}/gu, "�") : `${message.length} bytes`;
}

if (process.argv[1] === import.meta.filename) {
  const { PORT = "8080", CERT, KEY } = process.env;
  const tls = CERT && KEY ? { cert: await readFile(CERT), key: await readFile(KEY) } : undefined;
  const server = await start(Number(PORT), tls);
  console.log(`Open ${server.url}`);
  process.once("SIGINT", () => void server.close({ reason: "The server is stopping" }));
}
