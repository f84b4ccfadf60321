import { broadcast, type Connection, serve, type Server } from "halyard/server";

const clients = new Set<Connection>(); // wss.clients

/** Everybody hears what anybody says: the broadcast example of ws. */
export function start(port: number): Promise<Server> {
  return serve({
    port,
    maxMessageBytes: 64 * 1024, // maxPayload
    routes: {
      "/": {
        open: (client) => clients.add(client),
        message: (client, message) => {
          const others = [...clients].filter((each) => each !== client);
          broadcast(others, message); // encoded once; `message` is a string for text, bytes for binary
        },
        close: (client) => clients.delete(client),
      },
    },
  });
}
