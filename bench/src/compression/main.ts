/** `npm run bench:compression`: what each way to compress takes of memory, time and bandwidth, as a table. */
import { ChildProgram } from "../control/child-program.js";
import type { ServerReport } from "../control/messages.js";
import { detectPinning } from "../control/pinning.js";
import { programPath } from "../peers/javascript.js";
import { Crowd } from "./crowd.js";
import { ChatMessages } from "./messages.js";
import { type CompressionMode, modes } from "./modes.js";

const CONNECTIONS = 1_000;
const WARM_UP_ROUNDS = 10;
const ROUNDS = 20;
const TOGETHER = 50;
const DEADLINE_MS = 60_000;

interface Figures {
  readonly kibPerConnection: number;
  readonly cpuPerMessageUs: number;
  readonly bytesPerMessage: number;
}

async function measure({ title, program, option }: CompressionMode): Promise<Figures> {
  const server = new ChildProgram<ServerReport>({
    name: title,
    role: "server",
    pinning: detectPinning(),
    command: [process.execPath, "--expose-gc", programPath(`servers/compressed-${program}`), JSON.stringify(option)],
  });
  const usage = async (): Promise<Extract<ServerReport, { kind: "usage" }>> => {
    // Garbage is not taken for what is in use.
    await server.ask("gc", "collected", DEADLINE_MS);
    return server.ask("usage", "usage", DEADLINE_MS);
  };
  const { port } = await server.next("listening", DEADLINE_MS);
  // The first connection pays for what all share.
  const first = await Crowd.join(port, 1);
  await first.echo(new ChatMessages(), 500, 1);
  const before = await usage();
  const crowd = await Crowd.join(port, CONNECTIONS);
  const messages = new ChatMessages();
  await crowd.echo(messages, WARM_UP_ROUNDS, TOGETHER);
  const settled = await usage();
  const receivedBefore = crowd.receivedBytes;
  await crowd.echo(messages, ROUNDS, TOGETHER);
  const after = await usage();
  const count = CONNECTIONS * ROUNDS;
  const cpuUs = after.cpu.user + after.cpu.system - settled.cpu.user - settled.cpu.system;
  const figures = {
    kibPerConnection: (settled.rssBytes - before.rssBytes) / CONNECTIONS / 1024,
    cpuPerMessageUs: cpuUs / count,
    bytesPerMessage: (crowd.receivedBytes - receivedBefore) / count,
  };
  crowd.leave();
  first.leave();
  await server.end();
  return figures;
}

console.log(
  "| mode | memory per connection, KiB | CPU per message, µs | bytes per message |\n| --- | ---: | ---: | ---: |",
);
for (const mode of modes) {
  const { kibPerConnection, cpuPerMessageUs, bytesPerMessage } = await measure(mode);
  const cells = [kibPerConnection.toFixed(0), cpuPerMessageUs.toFixed(1), bytesPerMessage.toFixed(0)];
  console.log(`| ${mode.title} | ${cells.join(" | ")} |`);
}
