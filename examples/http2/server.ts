import { serve, type Server } from "halyard/server";

/** An echo server that takes HTTP/2 and HTTP/1.1 on one port, and tells which it got. */
export function start(port: number, tls: { cert: string; key: string }): Promise<Server> {
  return serve({
    port,
    tls,
    http2: true,
    routes: {
      "/echo": async (socket) => {
        await socket.send(`this is HTTP/${socket.httpVersion}`);
        for await (const message of socket) await socket.send(message);
      },
    },
  });
}
