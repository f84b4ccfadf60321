import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { HalyardProcess, halyardScript, untilListening } from "../support/halyard-process.js";

const MIB = 1024 * 1024;
const MESSAGES = 200;
/** What glibc begins with; said aloud, it learns nothing. */
const AT_FIRST = { MALLOC_TRIM_THRESHOLD_: String(128 * 1024) };

/** Page faults of a process that the kernel had a page for. */
function faultsOf(pid: number): number {
  const afterName = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "";
  return Number(afterName.split(" ")[7]);
}

/** How many a server has for each message of 1 MiB that it echoes. */
async function faultsForEach(env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [halyardScript, "serve", "--port", "0", "--quiet"], { env });
  const server = await untilListening(HalyardProcess.of(child));
  const socket = new WebSocket(server.echoUrl, { perMessageDeflate: false });
  await once(socket, "open");
  const echoAll = async (): Promise<void> => {
    for (let i = 0; i < MESSAGES; i++) {
      socket.send(Buffer.alloc(MIB, i));
      await once(socket, "message");
    }
  };
  await echoAll();
  const before = faultsOf(server.process.pid);
  await echoAll();
  socket.terminate();
  return (faultsOf(server.process.pid) - before) / MESSAGES;
}

describe.runIf(process.platform === "linux")("the memory of long messages", { timeout: 60_000 }, () => {
  test("is used again, not given back to the kernel and fetched anew", async () => {
    const unlearned = await faultsForEach({ ...process.env, ...AT_FIRST });
    const kept = await faultsForEach(process.env);
    expect(unlearned).toBeGreaterThan(100);
    expect(kept).toBeLessThan(unlearned / 4);
  });
});
