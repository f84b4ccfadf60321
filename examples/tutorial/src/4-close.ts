import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Connection, type DrainReport, type Message, runEndpoint, Upgrader } from "halyard/server";

const page = await readFile(new URL("../page/index.html", import.meta.url));

/** A server that listens, and the way to stop it. */
export interface EchoServer {
  readonly port: number;
  /** Says goodbye to everybody; resolves when the last socket is gone. */
  close(): Promise<DrainReport>;
}

/** The server of step 3, which also ends: one connection, or all of them. */
export async function start(port: number, pingIntervalMs = 30_000): Promise<EchoServer> {
  const http = createServer((request, response) => {
    if (request.url === "/") response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
    else response.writeHead(404).end("Not found\n");
  });

  const upgrader = new Upgrader();
  http.on("upgrade", (request, socket, head) => {
    if (request.url !== "/echo") return upgrader.refuse("no-such-route", request, socket);
    void upgrader.upgrade(request, socket, head).then((connection) => {
      if (connection === undefined) return;
      void reportClose(connection);
      terminateWhenSilent(connection, pingIntervalMs);
      runEndpoint(echo, connection);
    });
  });

  http.listen(port);
  await once(http, "listening");
  return {
    port: (http.address() as AddressInfo).port,
    close: () => stop(http, upgrader),
  };
}

/** Answers every message with itself; "bye" with a goodbye. */
async function echo(connection: Connection): Promise<void> {
  for await (const message of connection) {
    console.log(`${connection.remote} sent: ${printable(message)}`);
    if (message === "bye") await connection.close(1000, "See you soon");
    else await connection.send(message);
  }
}

/** Prints how a connection ended, whoever ended it. */
async function reportClose({ remote, closed }: Connection): Promise<void> {
  const { code, reason, by, clean } = await closed;
  console.log(`${remote} closed by ${by} (${clean ? "clean" : "not clean"}): ${code} ${printable(reason)}`);
}

/** A peer that vanished sends nothing, not even a goodbye. One that owes a pong for a whole interval is given up. */
function terminateWhenSilent(connection: Connection, intervalMs: number): void {
  let owesPong = false;
  const timer = setInterval(() => {
    if (owesPong) return connection.terminate();
    owesPong = true;
    connection.ping().then(
      () => {
        owesPong = false;
      },
      () => {}, // the connection ended first
    );
  }, intervalMs);
  void connection.closed.then(() => clearInterval(timer));
}

/** No new clients; 1001 to those that are here; and whoever has not answered after five seconds is cut off. */
async function stop(http: Server, upgrader: Upgrader): Promise<DrainReport> {
  const stopped = once(http, "close");
  http.close();
  const report = await upgrader.close({ code: 1001, reason: "The server is stopping", deadlineMs: 5_000 });
  http.closeAllConnections(); // browsers keep a spare one open
  await stopped;
  return report;
}

/** A message as a terminal may show it: without the control characters, which it would obey. */
function printable(message: Message): string {
  return typeof message === "string" ? message.replaceAll(/\p{Cc}/gu, "�") : `${message.length} bytes`;
}

if (process.argv[1] === import.meta.filename) {
  const { PORT = "8080" } = process.env;
  const server = await start(Number(PORT));
  console.log(`Open http://localhost:${server.port}/`);
  process.once("SIGINT", () => {
    void server.close().then(({ closed, terminated }) => {
      console.log(`Stopped: ${closed} closed, ${terminated} cut off`);
    });
  });
}
