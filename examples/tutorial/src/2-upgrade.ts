import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Upgrader } from "halyard/server";

/** The server of step 1, which now also opens a WebSocket for whoever asks. */
export async function start(port: number): Promise<Server> {
  const http = createServer((_request, response) => {
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end("Welcome to the server!\n");
  });

  const upgrader = new Upgrader({ readBufferSize: 16 * 1024, writeBufferSize: 16 * 1024 });
  http.on("upgrade", (request, socket, head) => {
    void upgrader.upgrade(request, socket, head).then((connection) => {
      if (connection === undefined) return; // refused, and the client has been told why
      console.log(`${connection.remote} connected`);
    });
  });

  http.listen(port);
  await once(http, "listening");
  return http;
}

if (process.argv[1] === import.meta.filename) {
  const { PORT = "8080" } = process.env;
  await start(Number(PORT));
  console.log(`Open http://localhost:${PORT}/`);
}
