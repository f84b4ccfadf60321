import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** bench/, from the folder of a compiled file or of a source. */
export const benchFolder: string = fileURLToPath(new URL("../../", import.meta.url));
/** What is installed and built on demand; not in git, safe to delete. */
export const cacheFolder: string = join(benchFolder, ".cache");

/** The environment without what npm sets for a script of this workspace, which would steer an npm inside it. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const steering =
    /^npm_(?:config_(?:workspaces?|local_prefix|prefix|global_prefix|silent|loglevel)|package_|lifecycle_)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !steering.test(name)));
}

/**
 * Installs packages at pinned versions into a folder of their own, without their install scripts, unless they are there; gives the folder.
 * They never touch the project's package.json or lock file. Rejects when npm does.
 */
export async function installPackages(id: string, versions: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(cacheFolder, "peers", id);
  const manifest = JSON.stringify({ name: `bench-peer-${id}`, private: true, dependencies: versions }, undefined, 2);
  const installed = join(folder, "installed.json");
  if (existsSync(installed) && (await readFile(installed, "utf8")) === manifest) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), manifest);
  console.error(
    `installing ${Object.entries(versions)
      .map((pair) => pair.join("@"))
      .join(", ")} into bench/.cache ...`,
  );
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--workspaces=false"];
  await run("npm", ["install", "--prefix", folder, ...flags], {
    cwd: folder,
    env: cleanEnvironment(),
    timeout: 300_000,
  });
  await writeFile(installed, manifest);
  return folder;
}

/**
 * Compiles a program unless its sources were compiled before; gives its path. `command` is called with the path to write to.
 * Rejects when the compiler does.
 */
export async function compile(
  name: string,
  sources: readonly string[],
  command: (output: string) => readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const hash = createHash("sha256").update(command("").join(" "));
  for (const source of sources) hash.update(await readFile(source));
  const output = join(cacheFolder, "bin", `${name}-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(output)) return output;
  await mkdir(join(cacheFolder, "bin"), { recursive: true });
  // Two at once must not see half a program of each other.
  const draft = `${output}.${process.pid}`;
  const [compiler, ...rest] = command(draft);
  await run(compiler, rest, { env, timeout: 300_000 });
  await rename(draft, output);
  return output;
}
