// A server that many kinds of visitors come to, in a process of its own so that its memory is its own. Asked by its parent, it says how much
// it still holds, how many connections it has, and what has gone wrong in it that should not.
import { setTimeout as delay } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { Tally } from "halyard/observers";
import { serve, type Server, type ServeOptions } from "halyard/server";

const [key = "", cert = ""] = process.argv.slice(2);
const errors: string[] = [];

const shared: Omit<ServeOptions, "routes"> = {
  host: "127.0.0.1",
  compression: true,
  maxMessageBytes: 32 * 1024 * 1024,
  onError: (error) => void errors.push(String(error)),
};

const routes: ServeOptions["routes"] = {
  "/echo": { message: (socket, message) => socket.send(message) },
  "/borrowed": { borrows: true, message: (socket, message) => socket.send(message) },
  "/slow": {
    message: async (socket, message) => {
      await delay(Math.random() * 5);
      await socket.send(message);
    },
  },
  "/loop": async (socket) => {
    for await (const message of socket) await socket.send(message);
  },
  "/stream": async (socket) => {
    for (let message = await socket.receiveStream(); message !== undefined; message = await socket.receiveStream()) {
      await socket.send(message);
    }
  },
  "/fickle": {
    message: (socket, message) => {
      socket.write(message);
      const mood = Math.random();
      if (mood < 0.1) void socket.close(1012, "restart");
      else if (mood < 0.2) socket.terminate();
    },
  },
};

/** The same server, with or without TLS. */
async function open(options: Omit<ServeOptions, "routes">): Promise<Server> {
  const server: Server = await serve({
    ...shared,
    ...options,
    routes: {
      ...routes,
      "/news": {
        open: (socket) => server.topic("news").add(socket),
        message: (socket, message) => {
          for (const each of servers) each.topic("news").publish(message);
          socket.write("published");
        },
      },
    },
  });
  return server;
}

/** Nobody is closed by it but who deserves it. */
const strict: Omit<ServeOptions, "routes"> = {
  rateLimit: { messagesPerSecond: 500, bytesPerSecond: 16 * 1024 * 1024, burstSeconds: 1 },
  pingIntervalMs: 100,
  idleTimeoutMs: 5_000,
  observer: new Tally().observer,
};

const servers = [await open({}), await open(strict), await open({ tls: { key, cert }, http2: true })];

process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const connections = servers.reduce((sum, server) => sum + server.connections.size, 0);
  process.send?.({
    objects: queryObjects(Object),
    liveBytes: heapUsed + external,
    connections,
    errors: errors.splice(0),
  });
});
process.on("disconnect", () => process.exit());
process.send?.({ ports: servers.map(({ port }) => port) });
