import { createServer } from "node:http";
import { refuse, Upgrader } from "halyard/server";

const users = new Map([["secret-token", { name: "Ada" }]]);

const upgrader = new Upgrader({
  subprotocols: ["chat.v2"],
  authorize: (request) => users.get(request.headers.authorization ?? "") ?? refuse(401, { body: "Log in first\n" }),
});

const http = createServer((_, response) => response.end("Welcome to the server!\n"));
http.on("upgrade", (request, socket, head) => {
  upgrader.serve(request, socket, head, async (connection) => {
    await connection.send(`Hello, ${connection.data.name}`);
  });
});
http.listen(8080);
