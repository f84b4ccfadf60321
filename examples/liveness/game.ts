import { QueuedBytesBudget, serve, type Server } from "halyard/server";

const MIB = 1024 ** 2;

/** A game whose players come and go: each is pinged, held to a rate, and let go when it has been away for too long. */
export function start(port: number): Promise<Server> {
  return serve({
    port,
    pingIntervalMs: 10_000,
    pongTimeoutMs: 5_000,
    idleTimeoutMs: 10 * 60_000,
    maxLifetimeMs: 24 * 3_600_000,
    rateLimit: { messagesPerSecond: 60, bytesPerSecond: 32 * 1024, burstSeconds: 3, whenExceeded: "pause" },
    queuedBytesBudget: new QueuedBytesBudget(256 * MIB),
    routes: {
      "/game": {
        message: (player) => player.write(`${player.roundTripMs ?? "unknown"} ms away`),
        error: (player, { code, message }) => console.log(`${player.remote}: ${code}: ${message}`),
        close: (player, { code, reason }) => console.log(`${player.remote} left: ${code} ${reason}`),
      },
    },
  });
}
