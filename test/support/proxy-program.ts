import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";

/** Where Debian puts servers, which is not in the PATH of everybody. */
const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };

/** Whether the system has this program. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${name}`], { env, stdio: "ignore" });
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
  const folder = await temporaryFolder();
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

/** Starts Debian's squid, an HTTP proxy that answers refusals with pages; gives its port. It ends with the test. */
export async function startSquid(settings: ProxySettings = {}): Promise<number> {
  const { host = "127.0.0.1", user, password, onlyPort } = settings;
  const folder = await temporaryFolder();
  await chmod(folder, 0o755); // as root it becomes somebody else
  const check = join(folder, "check.sh");
  await writeFile(check, `while read -r line; do [ "$line" = "${user} ${password}" ] && echo OK || echo ERR; done\n`);
  return await startOnFreePort(host, async (port) => {
    const lines = [`http_port ${host.includes(":") ? `[${host}]` : host}:${port}`];
    lines.push("visible_hostname squid.test", "pid_filename none", "access_log none", "cache_log /dev/null");
    lines.push("cache deny all", "cache_mem 0", "netdb_filename none", "pinger_enable off", "max_filedescriptors 1024");
    lines.push("shutdown_lifetime 0 seconds");
    if (onlyPort !== undefined) lines.push(`acl allowed port ${onlyPort}`, "http_access deny !allowed");
    if (user !== undefined) {
      lines.push(`auth_param basic program /bin/sh ${check}`, "auth_param basic children 1 startup=1");
      lines.push("acl known proxy_auth REQUIRED", "http_access deny !known");
    }
    await writeFile(join(folder, "squid.conf"), `${lines.join("\n")}\nhttp_access allow all\n`);
    return spawn("squid", ["-N", "-f", join(folder, "squid.conf")], { env, stdio: "ignore" });
  });
}

/** Where Debian's libpam-wrapper has a module that takes names and passwords from a file; with it come no users of the machine. */
const pamMatrix = readdirSync("/usr/lib")
  .map((architecture) => join("/usr/lib", architecture, "pam_wrapper/pam_matrix.so"))
  .find((file) => existsSync(file));

export function hasDante(): boolean {
  return hasProgram("danted") && pamMatrix !== undefined;
}

/** Starts Debian's dante-server, a SOCKS5 proxy with rules; gives its port. It ends with the test. */
export async function startDante(settings: ProxySettings = {}): Promise<number> {
  const { host = "127.0.0.1", user, password, onlyPort } = settings;
  const folder = await temporaryFolder();
  await writeFile(join(folder, "users"), `${user}:${password}:sockd\n`);
  const module = `required ${pamMatrix} passdb=${join(folder, "users")}`;
  await writeFile(join(folder, "sockd"), `auth ${module}\naccount ${module}\n`);
  const start = async (port: number): Promise<ChildProcess> => {
    const method = user === undefined ? "none" : "pam.username";
    const where = `from: 0/0 to: 0/0${onlyPort === undefined ? "" : ` port = ${onlyPort}`}`;
    const lines = [`internal: ${host} port = ${port}`, "external: lo", `socksmethod: ${method}`, "clientmethod: none"];
    lines.push("client pass { from: 0/0 to: 0/0 }", `socks pass { ${where} socksmethod: ${method} }`);
    await writeFile(join(folder, "danted.conf"), `${lines.join("\n")}\n`);
    const wrapped = { LD_PRELOAD: "libpam_wrapper.so", PAM_WRAPPER: "1", PAM_WRAPPER_SERVICE_DIR: folder };
    return spawn("danted", ["-f", join(folder, "danted.conf")], { env: { ...env, ...wrapped }, stdio: "ignore" });
  };
  return await startOnFreePort(host, start, "SIGTERM"); // it takes its children with it
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "halyard-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** These programs cannot choose a free port; another process may take the one that is found for them. */
async function startOnFreePort(
  host: string,
  start: (port: number) => ChildProcess | Promise<ChildProcess>,
  endBy: NodeJS.Signals = "SIGKILL",
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(host);
    const program = await start(port);
    const ended = once(program, "exit").then(() => "ended" as const);
    onTestFinished(async () => {
      program.kill(endBy);
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
