import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type Connection, type Message, Upgrader } from "halyard/server";

const page = await readFile(new URL("../page/index.html", import.meta.url));

/** Serves the page at `/` and the echo at `/echo`. */
export async function start(port: number): Promise<Server> {
  const http = createServer((request, response) => {
    if (request.url === "/") response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
    else response.writeHead(404).end("Not found\n");
  });

  const upgrader = new Upgrader();
  http.on("upgrade", (request, socket, head) => {
    if (request.url !== "/echo") return upgrader.refuse("no-such-route", request, socket);
    upgrader.serve(request, socket, head, echo);
  });

  http.listen(port);
  await once(http, "listening");
  return http;
}

/** Answers every message with itself. */
async function echo(connection: Connection): Promise<void> {
  for await (const message of connection) {
    console.log(`${connection.remote} sent: ${printable(message)}`);
    await connection.send(message);
  }
}

/** A message as a terminal may show it: without the control characters, which it would obey. */
function printable(message: Message): string {
  return typeof message === "string" ? message.replaceAll(/\p{Cc}/gu, "�") : `${message.length} bytes`;
}

if (process.argv[1] === import.meta.filename) {
  const { PORT = "8080" } = process.env;
  await start(Number(PORT));
  console.log(`Open http://localhost:${PORT}/`);
}
