// A server of several processes: `PORT WORKERS`, and what goes wrong in `HALYARD_TEST_MISHAP`. Says on stdout what happens.
import { type Connection, serve, type Server, WorkerError } from "halyard/server";

const [port = "0", workers = "2"] = process.argv.slice(2);
const mishap = process.env["HALYARD_TEST_MISHAP"];
const workerId = process.env["HALYARD_WORKER"];

function say(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

if (workerId !== undefined) say({ started: process.pid });
if (workerId === "2" && mishap === "throws") throw new Error("the script is broken");
if (workerId === "2" && mishap === "ends") process.exit(0);

const server: Server = await serve({
  host: "127.0.0.1",
  port: Number(port),
  workers: Number(workers),
  http2: true,
  routes: {
    "/pid": {
      open: (connection) => void connection.write(String(process.pid)),
      message: (connection, message) => void connection.write(message),
    },
    "/flood": {
      open: (connection) => {
        for (let mib = 0; mib < 12; mib++) connection.write(new Uint8Array(1024 * 1024));
      },
      error: (_, { code, message }) => say({ error: { code, message } }),
    },
    "/news": {
      open: (connection) => {
        server.topic("news").add(connection);
        connection.write(String(process.pid));
      },
      message: (connection, message) => publish(connection, message),
    },
  },
  onError: (error) => {
    if (error instanceof WorkerError) say({ error: { code: error.code, pid: error.pid, signal: error.signal } });
  },
});

function publish(connection: Connection, message: string | Uint8Array): void {
  const { sent } = server.topic("news").publish(message, { except: connection });
  if (message === "done") connection.write(`${sent} in this process`);
}

if (server.role === "primary") {
  process.once("SIGINT", () => {
    void server.close({ code: 1012, reason: "new version", deadlineMs: 500 }).then((report) => say({ report }));
  });
  process.on("SIGUSR2", () => void server.topic("news").publish("from the primary"));
}
if (mishap === "lingers" && server.role === "worker") setInterval(() => {}, 1_000);
say({ role: server.role, pid: process.pid, url: server.url, port: server.port, isListening: server.http.listening });
