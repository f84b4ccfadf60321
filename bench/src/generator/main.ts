/**
 * The generator in TypeScript: for TLS, and for machines without a C compiler. Commands and answers are those of
 * bench/generator/main.c, a line each.
 */
import { createInterface } from "node:readline";
import type { GeneratorReport } from "../control/messages.js";
import { BroadcastLoad } from "./broadcast-load.js";
import { EchoLoad } from "./echo-load.js";
import { HandshakeLoad } from "./handshake-load.js";
import type { Load } from "./load.js";
import { type OpenCommand, parseCommand } from "./settings.js";

let load: Load | undefined;

report({ kind: "ready" });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    report(await answer(line));
  } catch (error) {
    report({ kind: "failed", reason: String(error) });
  }
}
process.exit();

async function answer(line: string): Promise<GeneratorReport> {
  const command = parseCommand(line);
  switch (command.kind) {
    case "open":
      load = await open(command);
      return { kind: "connected" };
    case "load":
      if (load === undefined) throw new Error("load before open");
      return { kind: "loaded", ...(await load.run(command.durationMs, command.rate)) };
    case "close":
      await load?.close();
      load = undefined;
      return { kind: "disconnected" };
  }
}

async function open(command: OpenCommand): Promise<Load> {
  switch (command.mode) {
    case "handshakes":
      return new HandshakeLoad(command);
    case "broadcast": {
      const broadcast = new BroadcastLoad(command);
      await broadcast.open();
      return broadcast;
    }
    case "echo":
    case "idle": {
      // What is idle holds no messages.
      const echo = new EchoLoad(command.mode === "idle" ? { ...command, payloadBytes: 1 } : command);
      await echo.open(command);
      return echo;
    }
  }
}

function report(message: GeneratorReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
