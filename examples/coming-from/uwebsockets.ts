import { serve, type Server } from "halyard/server";

/** A board that all who look at it see: uWebSockets.js with its topics. */
export async function start(port: number): Promise<Server> {
  const server: Server = await serve({
    port,
    maxMessageBytes: 16 * 1024, // maxPayloadLength
    idleTimeoutMs: 120_000, // idleTimeout, in milliseconds
    routes: {
      "/board": {
        open: (socket) => server.topic("board").add(socket), // ws.subscribe("board")
        message: (socket, move) => {
          server.topic("board").publish(move, { except: socket }); // ws.publish("board", move)
          if (!socket.write("ok")) console.log(`${socket.remote} reads slowly: ${socket.bufferedBytes} bytes wait`);
        },
        drain: (socket) => console.log(`${socket.remote} has caught up`),
      },
    },
  });
  return server;
}
