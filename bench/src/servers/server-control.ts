import type { ServerReport, ServerRequest } from "../control/messages.js";

/** Tells the benchmark where the server listens, answers its questions, and exits with it. */
export function reportTo(benchmark: NodeJS.Process, port: number): void {
  const report = (message: ServerReport): void => {
    benchmark.send?.(message);
  };
  benchmark.on("message", (request: ServerRequest) => {
    switch (request.kind) {
      case "usage":
        // Under --expose-gc, garbage is not taken for what is in use.
        globalThis.gc?.();
        report({ kind: "usage", cpu: process.cpuUsage(), rssBytes: process.memoryUsage.rss() });
    }
  });
  benchmark.on("disconnect", () => process.exit());
  report({ kind: "listening", port });
}
