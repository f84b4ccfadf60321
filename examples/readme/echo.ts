import { serve } from "halyard/server";

const server = await serve({
  port: 8080,
  routes: {
    "/echo": async (socket) => {
      for await (const message of socket) await socket.send(message);
    },
  },
});
console.log(`listening on ${server.url}`);
