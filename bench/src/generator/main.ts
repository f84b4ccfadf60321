/** The generator program: does what the benchmark asks for over IPC, and exits with it. */
import type { GeneratorReport, GeneratorRequest } from "../control/messages.js";
import { EchoLoad } from "./echo-load.js";

let load: EchoLoad | undefined;

process.on("message", (request: GeneratorRequest) => {
  answer(request).then(report, (error: unknown) => report({ kind: "failed", reason: String(error) }));
});
process.on("disconnect", () => process.exit());
report({ kind: "ready" });

async function answer(request: GeneratorRequest): Promise<GeneratorReport> {
  switch (request.kind) {
    case "connect":
      load = new EchoLoad(request.workload);
      await load.open(request.target);
      return { kind: "connected" };
    case "load":
      if (load === undefined) throw new Error("load before connect");
      return { kind: "loaded", ...(await load.run(request.durationMs)) };
    case "disconnect":
      await load?.close();
      return { kind: "disconnected" };
  }
}

function report(message: GeneratorReport): void {
  process.send?.(message);
}
