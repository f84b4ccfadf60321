import cluster from "node:cluster";
import type { Readable } from "node:stream";
import type { EventLog } from "./event-log.js";

/**
 * Has the workers that are forked from now on write their lines by way of this process: whole, each on its own, at the pace of whoever
 * reads them.
 *
 * @returns Resolves when all that workers have written is with `log` and none is left.
 */
export function gatherWorkerOutput(log: EventLog): () => Promise<void> {
  const open = new Set<Promise<void>>();
  const gather = (stream: Readable | null, output: "out" | "err"): void => {
    if (stream === null) return;
    passLines(stream, (line) => log.pass(line, output));
    const closed = new Promise<void>((resolve) => void stream.once("close", resolve)).finally(() =>
      open.delete(closed),
    );
    open.add(closed);
  };
  cluster.setupPrimary({ silent: true });
  cluster.on("fork", ({ process: { stdout, stderr } }) => {
    gather(stdout, "out");
    gather(stderr, "err");
  });
  return async () => void (await Promise.all(open));
}

/** Ends all workers at once. */
export function killWorkers(): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGKILL");
}

function passLines(stream: Readable, pass: (line: string) => void): void {
  let begun = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (begun + text).split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) pass(line);
  });
  stream.on("error", () => {}); // then it closes
  stream.on("end", () => {
    if (begun !== "") pass(begun);
  });
}
