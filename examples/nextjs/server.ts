import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Endpoint, Upgrader } from "halyard/server";
import next from "next";

const isDevelopment = process.env["NODE_ENV"] !== "production";

// Next listens for upgrades on the server that it is given, here one that listens nowhere: it gets those of hot reloading only.
const reloading = createServer();
const app = next({ dev: isDevelopment, httpServer: reloading });
await app.prepare();
const answerRequest = app.getRequestHandler();

const upgrader = new Upgrader();
const echo: Endpoint = async (connection) => {
  for await (const message of connection) await connection.send(message);
};

const http = createServer((request, response) => void answerRequest(request, response));
http.on("upgrade", (request, socket, head) => {
  if (request.url === "/ws") {
    upgrader.serve(request, socket, head, echo);
    return;
  }
  const isReloading = isDevelopment && request.url?.startsWith("/_next/");
  if (isReloading && reloading.emit("upgrade", request, socket, head)) return; // false: Next does not listen yet
  upgrader.refuse("no-such-route", request, socket);
});
http.listen(Number(process.env["PORT"] ?? 3000), () => {
  console.log(`listening on http://localhost:${(http.address() as AddressInfo).port}/`);
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void upgrader.close().finally(() => process.exit()));
}
