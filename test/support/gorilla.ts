import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** Where Debian puts Go packages. */
const GOPATH = "/usr/share/gocode";

/** Whether there are a Go compiler and gorilla/websocket. */
export function hasGorilla(): boolean {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return existsSync(join(GOPATH, "src/github.com/gorilla/websocket"));
  } catch {
    return false;
  }
}

export const HOW_TO_INSTALL_GORILLA = "apt-get install golang-go golang-github-gorilla-websocket-dev";

/** Builds fixtures/gorilla.go; gives the path of the program. */
export async function buildGorilla(): Promise<string> {
  const program = join(await mkdtemp(join(tmpdir(), "halyard-")), "gorilla");
  const source = resolve(import.meta.dirname, "../integration/fixtures/gorilla.go");
  const env = { ...process.env, GO111MODULE: "off", GOPATH, GOFLAGS: "" };
  await promisify(execFile)("go", ["build", "-o", program, source], { env });
  return program;
}
