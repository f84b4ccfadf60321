import { ServerProcess } from "../control/server-process.js";
import { EchoLoad } from "../generator/echo-load.js";
import type { StartUpRound } from "../measurement.js";
import { type Contest, type Contestant, type ContestResult, Turns } from "./contest.js";

/** Starts each peer's program anew, once more than is counted: then files are in the kernel's cache. */
export async function runStartUps(contestants: readonly Contestant[], contest: Contest): Promise<ContestResult> {
  const turns = new Turns(contestants);
  await turns.all(async (contestant) => {
    await measure(contestant, contest);
    return undefined;
  });
  for (let round = 0; round < contest.rounds; round++) {
    await turns.all((contestant) => measure(contestant, contest));
  }
  return turns.result();
}

async function measure({ program }: Contestant, contest: Contest): Promise<StartUpRound> {
  const startedAt = performance.now();
  await using server = await ServerProcess.start(program, {}, contest.server);
  const listeningMs = performance.now() - startedAt;
  const load = new EchoLoad({ payload: "ascii", payloadBytes: 64, connections: 1, inFlight: 1 });
  try {
    await load.open({ port: server.port, path: "/echo" });
    // The shortest stretch of load: a message and its echo.
    await load.run(0);
    const firstEchoMs = performance.now() - startedAt;
    return { kind: "start-up", listeningMs, firstEchoMs, rssBytes: (await server.usage()).rssBytes };
  } finally {
    await load.close();
  }
}
