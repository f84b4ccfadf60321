import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Global setup of the tests that run what is published: builds dist, unless it is newer than every file of src. */
export function setup(): void {
  const builtAtMs = statSync("dist", { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (newestChangeMs("src") < builtAtMs) return;
  execFileSync("npm", ["run", "build", "--silent"], { stdio: "inherit" });
}

function newestChangeMs(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return Math.max(0, ...files.map((file) => statSync(join(folder, file)).mtimeMs));
}
