import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { benchFolder, compile } from "./cache.js";
import type { Preparation } from "./peer.js";

/** Where Debian puts Go packages. */
const GOPATH = "/usr/share/gocode";
/** Debian's: a python3 that comes first in PATH may be another one, which does not see Debian's packages. */
const PYTHON = "/usr/bin/python3";

const run = promisify(execFile);

function compilerFlags(output: string, sources: readonly string[]): readonly [string, ...string[]] {
  return ["cc", "-O2", "-Wall", "-Wextra", "-o", output, ...sources];
}

const generatorFolder = join(benchFolder, "generator");

async function generatorSources(): Promise<readonly string[]> {
  const names = (await readdir(generatorFolder)).toSorted();
  return names.filter((name) => /\.[ch]$/.test(name)).map((name) => join(generatorFolder, name));
}

const howToGetCompiler = "cc cannot compile it here (Linux with gcc or clang: apt-get install build-essential)";

/** The load generator in C. */
export async function buildGenerator(): Promise<Preparation> {
  const sources = await generatorSources();
  return prepared("generator", howToGetCompiler, () =>
    compile("generator", sources, (output) =>
      compilerFlags(
        output,
        sources.filter((name) => name.endsWith(".c")),
      ),
    ),
  );
}

/** The echo that is nothing but epoll. */
export async function buildFloor(): Promise<Preparation> {
  const sources = [join(benchFolder, "servers/floor.c"), join(generatorFolder, "accept-key.h")];
  return prepared("floor", howToGetCompiler, () =>
    compile("floor", sources, (output) => compilerFlags(output, sources.slice(0, 1))),
  );
}

/** gorilla/websocket as Debian ships it, so that nothing is downloaded; in GOPATH mode, which Go has for such. */
export function buildGorilla(): Promise<Preparation> {
  const source = join(benchFolder, "servers/gorilla.go");
  const how = "apt-get install golang-go golang-github-gorilla-websocket-dev";
  return prepared("gorilla", how, () => {
    if (!existsSync(join(GOPATH, "src/github.com/gorilla/websocket")))
      throw new Error("its Debian package is not there");
    const env = { ...process.env, GO111MODULE: "off", GOPATH, GOFLAGS: "" };
    return compile("gorilla", [source], (output) => ["go", "build", "-o", output, source], env);
  });
}

/** Python's websockets, of Debian. */
export async function findPythonWebsockets(): Promise<Preparation> {
  try {
    await run(PYTHON, ["-c", "import websockets.server"]);
    const command = [PYTHON, join(benchFolder, "servers/python-websockets.py")];
    return { kind: "ready", program: { name: "python-websockets", command, runtime: "native" } };
  } catch {
    return { kind: "missing", why: `${PYTHON} has no websockets: apt-get install python3-websockets` };
  }
}

async function prepared(name: string, how: string, build: () => Promise<string>): Promise<Preparation> {
  try {
    return { kind: "ready", program: { name, command: [await build()], runtime: "native" } };
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { kind: "missing", why: `${how} (${line})` };
  }
}
