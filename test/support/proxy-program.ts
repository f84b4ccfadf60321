import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";

/** Whether the system has this program. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export interface ProxySettings {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly user?: string;
  readonly password?: string;
  /** The only port that it lets clients go to. */
  readonly onlyPort?: number;
}

/** Starts Debian's tinyproxy, an HTTP proxy; gives its port. It ends with the test. */
export async function startTinyproxy(settings: ProxySettings = {}): Promise<number> {
  const { host = "127.0.0.1", user, password, onlyPort } = settings;
  const folder = await mkdtemp(join(tmpdir(), "halyard-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "tinyproxy.conf");
  return await startOnFreePort(host, async (port) => {
    const lines = [`Port ${port}`, `Listen ${host}`, "Timeout 60", "LogLevel Critical", "MaxClients 20"];
    if (user !== undefined) lines.push(`BasicAuth ${user} ${password}`);
    if (onlyPort !== undefined) lines.push(`ConnectPort ${onlyPort}`);
    await writeFile(file, `${lines.join("\n")}\n`);
    return spawn("tinyproxy", ["-d", "-c", file], { stdio: "ignore" });
  });
}

/** Starts Debian's microsocks, a SOCKS5 proxy; gives its port. It ends with the test. */
export async function startMicrosocks({ host = "127.0.0.1", user, password }: ProxySettings = {}): Promise<number> {
  return await startOnFreePort(host, (port) => {
    const credentials = user === undefined ? [] : ["-u", user, "-P", password ?? ""];
    return spawn("microsocks", ["-i", host, "-p", String(port), ...credentials], { stdio: "ignore" });
  });
}

/** These programs cannot choose a free port; another process may take the one that is found for them. */
async function startOnFreePort(
  host: string,
  start: (port: number) => ChildProcess | Promise<ChildProcess>,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(host);
    const program = await start(port);
    const ended = once(program, "exit").then(() => "ended" as const);
    onTestFinished(async () => {
      program.kill("SIGKILL");
      await ended;
    });
    if ((await Promise.race([answers(host, port), ended])) !== "ended") return port;
    if (attempt === 3) throw new Error(`${program.spawnfile} ended at its start`);
  }
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(host: string, port: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const socket = connectTcp(port, host);
      await once(socket, "connect");
      socket.destroy();
    },
    { timeout: 10_000, interval: 20 },
  );
}
