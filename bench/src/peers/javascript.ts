import { arch, platform } from "node:process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerSettings } from "../control/messages.js";
import { installPackages } from "./cache.js";
import type { Preparation, Program } from "./peer.js";

/** What the package `node` would install by a script of its own. */
const nodePackage = `node-${platform}-${arch}`;
const nodeVersion = "22.23.3";

/** Versions of everything that is installed on demand. */
const versions = {
  ws: "8.23.0",
  bufferutil: "4.1.0",
  "utf-8-validate": "6.0.6",
  uwebsockets: "3.0.6",
  bun: "1.4.5",
  deno: "2.9.6",
  "socket.io": "4.8.4",
} as const;

type PackageName = keyof typeof versions;

/** The path of a compiled program of ours, `servers/ws` for example. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`../${name}.js`, import.meta.url));
}

/** A program on the Node that runs the benchmark. `gc` is there to be asked for; it costs nothing else. */
export function nodeProgram(
  name: string,
  settings: ServerSettings = {},
  env: Readonly<Record<string, string>> = {},
): Program {
  const command = [process.execPath, "--expose-gc", programPath(name)];
  return { name: name.replace("/", " "), command, runtime: "node", settings, env };
}

/** A program on Node that finds packages in the cache: their folder is in its environment. */
export function nodeProgramWith(
  id: string,
  packages: readonly PackageName[],
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Preparation> {
  return withPackages(id, pinned(packages), (folder) =>
    nodeProgram(name, {}, { HALYARD_BENCH_PACKAGES: folder, ...env }),
  );
}

/** A program on Bun. */
export function bunProgram(name: string): Promise<Preparation> {
  return withPackages("bun", pinned(["bun"]), (folder) => ({
    name: `${name} on Bun`,
    command: [
      binary(folder, `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}/bin/bun`),
      programPath(name),
    ],
    runtime: "javascript",
  }));
}

/** A program on Deno. */
export function denoProgram(name: string): Promise<Preparation> {
  return withPackages("deno", pinned(["deno"]), (folder) => ({
    name: `${name} on Deno`,
    command: [
      binary(folder, `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}/deno`),
      "run",
      "-A",
      "--no-lock",
      "--no-config",
      "--no-npm",
      "--v8-flags=--expose-gc",
      programPath(name),
    ],
    runtime: "javascript",
    env: { DENO_NO_UPDATE_CHECK: "1", DENO_DIR: join(folder, "cache") },
  }));
}

/** A program on a Node that has a WebSocket of its own: the one that runs the benchmark, or Node 22. */
export async function modernNodeProgram(name: string): Promise<Preparation> {
  if (Number(process.versions.node.split(".")[0]) >= 22) return { kind: "ready", program: nodeProgram(name) };
  return withPackages("node", { [nodePackage]: nodeVersion }, (folder) => ({
    name: `${name} on Node ${nodeVersion}`,
    command: [binary(folder, `${nodePackage}/bin/node`), "--expose-gc", programPath(name)],
    runtime: "javascript",
  }));
}

/** The binary that the platform's package ships; the main package's install script, which would link it, is not run. */
function binary(folder: string, path: string): string {
  const file = join(folder, "node_modules", path);
  if (!existsSync(file)) throw new Error(`no binary for ${platform} ${arch} in the package`);
  return file;
}

function pinned(names: readonly PackageName[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name): [string, string] => [name, versions[name]]));
}

async function withPackages(
  id: string,
  wanted: Readonly<Record<string, string>>,
  programIn: (folder: string) => Program,
): Promise<Preparation> {
  try {
    return { kind: "ready", program: programIn(await installPackages(id, wanted)) };
  } catch (error) {
    const list = Object.entries(wanted).map((pair) => pair.join("@"));
    const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
    return {
      kind: "missing",
      why: `npm install ${list.join(" ")} failed (${line}); it is tried again by the next run`,
    };
  }
}
