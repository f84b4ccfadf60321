import { once } from "node:events";
import { createServer, type Server } from "node:http";

/** Starts the server on `port`, 0 for any free one; resolves when it listens. */
export async function start(port: number): Promise<Server> {
  const http = createServer((_request, response) => {
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end("Welcome to the server!\n");
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
