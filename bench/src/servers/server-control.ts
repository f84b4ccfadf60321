import { createInterface } from "node:readline";
import { collectGarbage } from "../control/collect-garbage.js";
import type { ServerReport, ServerSettings } from "../control/messages.js";
import { watchGarbage } from "./garbage.js";

/** The settings that the benchmark gave. */
export const settings: ServerSettings = JSON.parse(process.argv[2] ?? "{}") as ServerSettings;

/** Tells the benchmark where the server listens, answers its questions, and exits with it. */
export function reportPort(port: number): void {
  const report = (message: ServerReport): void => {
    process.stdout.write(`${JSON.stringify(message)}\n`);
  };
  const garbage = watchGarbage();
  createInterface({ input: process.stdin })
    .on("line", (request) => {
      if (request === "gc") {
        collectGarbage();
        report({ kind: "collected" });
      } else {
        const { cpu, rssBytes } = { cpu: process.cpuUsage(), rssBytes: process.memoryUsage.rss() };
        report({ kind: "usage", cpu, rssBytes, garbage: garbage.take() });
      }
    })
    .on("close", () => process.exit());
  report({ kind: "listening", port });
}
