import { broadcast, type Connection, serve, type Server } from "halyard/server";

const connected = new Set<Connection<undefined>>();

/** One handler for each connection, which ends with it: the shape of Python's websockets. */
async function handler(websocket: Connection<undefined>): Promise<void> {
  connected.add(websocket);
  try {
    for await (const message of websocket) {
      await websocket.send(`you said ${String(message)}`);
      broadcast(connected, `somebody said ${String(message)}`);
    }
  } finally {
    connected.delete(websocket);
  }
}

export function start(port: number): Promise<Server> {
  return serve({ port, routes: { "/": handler } });
}
