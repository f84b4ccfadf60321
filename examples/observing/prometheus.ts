import { prometheusObserver } from "halyard/observers/prometheus";
import { serve, type Server } from "halyard/server";
import { Registry } from "prom-client";

/** An echo that Prometheus scrapes at /metrics. */
export async function observedEcho(port: number): Promise<Server> {
  const registry = new Registry();
  return await serve({
    port,
    observer: prometheusObserver(registry),
    routes: { "/echo": { message: (socket, message) => void socket.write(message) } },
    onRequest: (_, response) => {
      registry.metrics().then(
        (text) => response.writeHead(200, { "Content-Type": registry.contentType }).end(text),
        (error: Error) => response.destroy(error),
      );
    },
  });
}
