import { createServer, type Server } from "node:http";
import express from "express";
import { Upgrader } from "halyard/server";

export const upgrader: Upgrader = new Upgrader();

/** Express answers the requests, Halyard the upgrades. */
export function start(port: number): Server {
  const app = express();
  app.get("/", (_, response) => void response.send("Hello from Express"));
  const http = createServer(app);
  http.on("upgrade", (request, socket, head) => {
    upgrader.serve(request, socket, head, async (connection) => {
      for await (const message of connection) await connection.send(message);
    });
  });
  return http.listen(port);
}
