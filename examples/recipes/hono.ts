import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Upgrader } from "halyard/server";
import { Hono } from "hono";

export const upgrader: Upgrader = new Upgrader();

/** Hono answers the requests, Halyard the upgrades. */
export function start(port: number): Server {
  const app = new Hono();
  app.get("/", (context) => context.text("Hello from Hono"));
  const listener = getRequestListener(app.fetch);
  const http = createServer((request, response) => void listener(request, response));
  http.on("upgrade", (request, socket, head) => {
    upgrader.serve(request, socket, head, async (connection) => {
      for await (const message of connection) await connection.send(message);
    });
  });
  return http.listen(port);
}
