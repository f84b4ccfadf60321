import { serve } from "halyard/server";

const { PORT = "8080", TRUST_PROXY, DRAIN_DELAY_MS = "0" } = process.env;

const server = await serve({
  port: Number(PORT),
  trustProxy: TRUST_PROXY?.split(","), // "127.0.0.1", "10.0.0.0/8,unix"
  health: true, // /healthz and /readyz
  routes: {
    "/echo": async (socket) => {
      for await (const message of socket) {
        console.log(`${socket.remote} sent: ${String(message)}`);
        await socket.send(message);
      }
    },
  },
});
console.log(`listening on ${server.url}`);

process.once("SIGTERM", () => void stop());

async function stop(): Promise<void> {
  const drainDelayMs = Number(DRAIN_DELAY_MS); // /readyz says 503, and all else goes on
  const report = await server.close({ reason: "new version", drainDelayMs, deadlineMs: 20_000 });
  console.log(`${report.closed} closed, ${report.terminated} terminated`);
}
