import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { vi } from "vitest";
import { createSelfSigned } from "../../../src/cli/self-signed.js";
import { requirement } from "../../support/requirement.js";

/** The certificate that proxies and servers behind them show. */
export const certificate: { readonly cert: string; readonly key: string } = await createSelfSigned("example.com");

/** Where a proxy is set up, and what it is told of this machine. */
export interface ProxyPlace {
  readonly port: number;
  /** Where Halyard listens. */
  readonly backend: number;
  readonly folder: string;
}

/** One of the proxies of docs/deploy/, and how its file is made to fit a test: ports, paths and how long 75 seconds are. */
export interface ProxySetup {
  readonly file: string;
  /** What stands in the file, and what comes in its place. Each must be there. */
  readonly changes: (place: ProxyPlace) => Readonly<Record<string, string>>;
  readonly command: (configuration: string, place: ProxyPlace) => readonly [string, ...string[]];
  readonly reload: (proxy: ChildProcess, configuration: string, place: ProxyPlace) => void;
  /** What it says whenever it has loaded its file, where a signal that comes sooner than it listens for one is lost. */
  readonly loaded?: string;
}

/** Where Debian puts them, which is not in the PATH of everybody. */
const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };

/** Whether the program is here, for `describe.runIf`. */
export function hasProxy(program: "nginx" | "haproxy" | "caddy", name: string): boolean {
  let isHere = program !== "nginx" || existsSync("/usr/lib/nginx/modules/ngx_stream_module.so");
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { env, stdio: "ignore" });
  } catch {
    isHere = false;
  }
  return requirement(
    `proxy tests: ${name}`,
    isHere,
    `apt-get install ${program === "nginx" ? "nginx-light libnginx-mod-stream" : program}`,
  );
}

/** A proxy that runs as a process of this one, with its file of docs/deploy/. */
export class ProxyProgram {
  readonly place: ProxyPlace;
  readonly #child: ChildProcess;
  readonly #setup: ProxySetup;
  readonly #configuration: string;
  #said = "";

  private constructor(child: ChildProcess, setup: ProxySetup, configuration: string, place: ProxyPlace) {
    this.#child = child;
    this.#setup = setup;
    this.#configuration = configuration;
    this.place = place;
    for (const output of [child.stdout, child.stderr])
      output?.on("data", (text: Buffer) => void (this.#said += text.toString()));
  }

  get port(): number {
    return this.place.port;
  }

  /** Starts it before `backend`, and waits until it listens. */
  static async start(setup: ProxySetup, backend: number): Promise<ProxyProgram> {
    const folder = await mkdtemp(join(tmpdir(), "halyard-proxy-"));
    await writeFile(join(folder, "cert.pem"), certificate.cert);
    await writeFile(join(folder, "key.pem"), certificate.key);
    await writeFile(join(folder, "both.pem"), `${certificate.cert}\n${certificate.key}\n`);
    const place = { port: await freePort(), backend, folder };
    const configuration = join(folder, setup.file);
    await writeFile(configuration, await fitted(setup, place));
    const [program, ...args] = setup.command(configuration, place);
    const child = spawn(program, args, {
      env: { ...env, HOME: folder, XDG_DATA_HOME: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const proxy = new ProxyProgram(child, setup, configuration, place);
    await Promise.race([
      untilListening(place.port).then(() => proxy.#untilLoaded(1, 15_000)),
      once(child, "exit").then(() => Promise.reject(new Error(`${program} did not start: ${proxy.#said}`))),
    ]);
    return proxy;
  }

  /** How many times it has loaded its file; no end of times where it does not say. */
  get #loads(): number {
    const { loaded } = this.#setup;
    return loaded === undefined ? Infinity : this.#said.split(loaded).length - 1;
  }

  async #untilLoaded(times: number, timeout: number): Promise<void> {
    await vi.waitUntil(() => this.#loads >= times, { timeout });
  }

  /** Has it read its file again, in which another server stands by now. */
  async reloadBefore(backend: number): Promise<void> {
    await writeFile(this.#configuration, await fitted(this.#setup, { ...this.place, backend }));
    const times = this.#loads + 1;
    const tryIt = async (): Promise<void> => {
      this.#setup.reload(this.#child, this.#configuration, this.place);
      await this.#untilLoaded(times, 2000);
    };
    await vi.waitFor(tryIt, { timeout: 15_000 });
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGTERM");
      await ended;
    }
    await rm(this.place.folder, { recursive: true, force: true });
  }
}

async function fitted(setup: ProxySetup, place: ProxyPlace): Promise<string> {
  let text = await readFile(resolve(import.meta.dirname, "../../../docs/deploy", setup.file), "utf8");
  for (const [from, to] of Object.entries(setup.changes(place))) {
    if (!text.includes(from)) throw new Error(`${setup.file} has no ${JSON.stringify(from)} to change`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** A port of 127.0.0.1 that was free a moment ago: these programs cannot be asked to take any and tell which. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Nothing tells when a program begins to listen. */
async function untilListening(port: number): Promise<void> {
  const tryIt = async (): Promise<void> => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect").finally(() => socket.destroy());
  };
  await vi.waitFor(tryIt, { timeout: 15_000, interval: 20 });
}

const nginxChanges = ({ port, backend, folder }: ProxyPlace): Record<string, string> => ({
  "listen 443": `listen 127.0.0.1:${port}`,
  "127.0.0.1:8080": `127.0.0.1:${backend}`,
  "/run/nginx.pid": `${folder}/nginx.pid`,
  "/var/log/nginx": folder,
  "worker_processes auto": "worker_processes 1",
});

const nginx: Pick<ProxySetup, "command" | "reload"> = {
  command: (configuration, { folder }) => [
    "nginx",
    "-p",
    folder,
    "-e",
    `${folder}/error.log`,
    "-c",
    configuration,
    "-g",
    "daemon off;",
  ],
  reload: (proxy) => void proxy.kill("SIGHUP"),
};

const haproxyChanges = ({ port, backend, folder }: ProxyPlace): Record<string, string> => ({
  "bind :443": `bind 127.0.0.1:${port}`,
  "127.0.0.1:8080": `127.0.0.1:${backend}`,
  // Where it passes on old sockets at a reload; systemd's unit has it in the command.
  "hard-stop-after 1h": `hard-stop-after 1h\n    stats socket ${folder}/admin.sock expose-fd listeners`,
});

const haproxy: Pick<ProxySetup, "command" | "reload" | "loaded"> = {
  command: (configuration, { folder }) => ["haproxy", "-W", "-db", "-p", `${folder}/haproxy.pid`, "-f", configuration],
  reload: (proxy) => void proxy.kill("SIGUSR2"),
  loaded: "Loading success.",
};

/** The same with a second in place of its 75, after which it cuts those that are silent. */
export function impatient(setup: ProxySetup): ProxySetup {
  return { ...setup, changes: (place) => ({ ...setup.changes(place), "75s": "1s" }) };
}

/** The same, which asks every second how a server is. */
export function watchful(setup: ProxySetup): ProxySetup {
  return { ...setup, changes: (place) => ({ ...setup.changes(place), "inter 2s": "inter 1s" }) };
}

type ProxyName = "nginx" | "nginxStream" | "haproxy" | "haproxyTcp" | "caddy";

export const proxies: Readonly<Record<ProxyName, ProxySetup>> = {
  nginx: {
    ...nginx,
    file: "nginx.conf",
    changes: (place) => ({
      ...nginxChanges(place),
      "/etc/ssl/example.com.pem": `${place.folder}/cert.pem`,
      "/etc/ssl/example.com.key": `${place.folder}/key.pem`,
    }),
  },
  nginxStream: { ...nginx, file: "nginx-stream.conf", changes: nginxChanges },
  haproxy: {
    ...haproxy,
    file: "haproxy.cfg",
    changes: (place) => ({
      ...haproxyChanges(place),
      "/etc/haproxy/example.com.pem": `${place.folder}/both.pem`,
    }),
  },
  haproxyTcp: { ...haproxy, file: "haproxy-tcp.cfg", changes: haproxyChanges },
  caddy: {
    file: "Caddyfile",
    changes: ({ port, backend, folder }) => ({
      "localhost:2019": `unix/${folder}/admin.sock`,
      "http_port 80": "auto_https disable_redirects",
      "https_port 443": `https_port ${port}\n\tdefault_bind 127.0.0.1`,
      "example.com {": `https://127.0.0.1:${port} {`,
      "/etc/ssl/example.com.pem": `${folder}/cert.pem`,
      "/etc/ssl/example.com.key": `${folder}/key.pem`,
      "127.0.0.1:8080": `127.0.0.1:${backend}`,
    }),
    command: (configuration) => ["caddy", "run", "--adapter", "caddyfile", "--config", configuration],
    reload: (_proxy, configuration, { folder }) => {
      const address = `unix/${folder}/admin.sock`;
      execFileSync(
        "caddy",
        ["reload", "--force", "--adapter", "caddyfile", "--address", address, "--config", configuration],
        { env, stdio: "ignore" },
      );
    },
  },
};
