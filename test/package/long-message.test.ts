import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { compileProgram } from "../examples/program.js";

const MIB = 1024 * 1024;
/** `npm run proof:streams` sends 2 GiB; each change is tested with less. */
const total = Number(process.env["HALYARD_LONG_MESSAGE_MIB"] ?? 192) * MIB;

function run(file: string, ...args: string[]): ChildProcess {
  const child = fork(file, args, { execArgv: ["--expose-gc"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function said(child: ChildProcess): Promise<Record<string, number>> {
  const left = once(child, "exit").then(([code]) => {
    throw new Error(`the process has ended with ${code} and said nothing`);
  });
  const [message] = (await Promise.race([once(child, "message"), left])) as [Record<string, number>];
  left.catch(() => {}); // it ends once its work is done
  return message;
}

test(
  `a message of ${total / MIB} MiB passes through 64 MiB of memory, out of one process and into it at once`,
  {
    timeout: 240_000,
  },
  async () => {
    const file = compileProgram("test/package/long-message.fixture.ts", "long-message");
    const server = run(file, "server");
    const { port } = await said(server);
    const client = run(file, "client", String(port), String(total));
    const report = await said(client);
    expect(report).toMatchObject({ received: total, wrong: 0, code: 1000 });
    server.send("report");
    const serverReport = await said(server);
    expect(report["grown"]).toBeLessThan(64 * MIB);
    expect(serverReport["grown"]).toBeLessThan(64 * MIB);
  },
);
