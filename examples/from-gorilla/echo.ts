import { createServer, type Server } from "node:http";
import { Upgrader } from "halyard/server";

const upgrader = new Upgrader({
  readBufferSize: 1024,
  writeBufferSize: 1024,
  subprotocols: ["chat.v2"],
  checkOrigin: "same-host", // gorilla's default too
  maxMessageBytes: 64 * 1024, // SetReadLimit
});

/** The echo of gorilla's first example. */
export function start(port: number): Server {
  const http = createServer((_, response) => response.end("Welcome to the server!\n"));
  http.on("upgrade", (request, socket, head) => {
    upgrader.serve(request, socket, head, async (connection) => {
      for (;;) {
        const message = await connection.receive(); // ReadMessage
        if (message === undefined) return; // where gorilla returns a CloseError: see `await connection.closed`
        console.log(`${connection.remote} sent: ${String(message)}`);
        await connection.send(message); // WriteMessage
      }
    });
  });
  return http.listen(port);
}
