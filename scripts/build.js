// @ts-check

/**
 * Compiles src into dist, in the folder that npm runs this in. The new dist replaces the old one when it is complete: a
 * build that fails, or that somebody interrupts, leaves the old one as it was.
 */
import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Beside dist, so that the paths in the source maps are right after the move.
const NEXT = "dist-next";
const LAST = "dist-last";

// The echo page is plain modules, and takes its client as one more of them.
const PAGE_CLIENT = { from: "dist/reconnecting/index.js", to: "page/reconnecting.js" };

/** @param {string} folder */
const remove = (folder) => rmSync(folder, { recursive: true, force: true });

const compiler = fileURLToPath(import.meta.resolve("typescript/bin/tsc"));
remove(NEXT);
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", NEXT], {
  stdio: "inherit",
});
if (status === 0) {
  remove(LAST);
  if (existsSync("dist")) renameSync("dist", LAST);
  renameSync(NEXT, "dist");
  remove(LAST);
  if (existsSync(PAGE_CLIENT.from)) await bundle(PAGE_CLIENT.from, PAGE_CLIENT.to);
} else {
  remove(NEXT);
  process.exitCode = 1;
}

/**
 * Writes one module for browsers, with all that it imports in it.
 *
 * @param {string} from
 * @param {string} to
 */
async function bundle(from, to) {
  const { rolldown } = await import("rolldown");
  const module = await rolldown({ input: from, platform: "browser" });
  await module.write({ file: to, format: "esm", minify: true });
  await module.close();
}
