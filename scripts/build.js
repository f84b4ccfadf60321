// @ts-check

/**
 * Compiles src into dist, in the folder that npm runs this in. The new dist replaces the old one when it is complete: a
 * build that fails, or that somebody interrupts, leaves the old one as it was.
 *
 * The types are a file for each of src. The code is one for each entry point of package.json and one for what several of them share:
 * as a file for each of src, `halyard/server` took three times as long to import (190 instead of 55 ms, start-up in docs/benchmarks.md).
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

// Beside dist, so that the paths in the source maps are right after the move.
const NEXT = "dist-next";
const LAST = "dist-last";

// The echo page is plain modules, and takes its client as one more of them.
const PAGE_CLIENT = { from: "dist/reconnecting/index.js", to: "page/reconnecting.js" };

/** @param {string} folder */
const remove = (folder) => rmSync(folder, { recursive: true, force: true });

/**
 * @typedef {object} Manifest what is looked at of package.json
 * @property {Record<string, string | { default: string }>} exports
 * @property {Record<string, string>} [bin]
 */

/** The modules that package.json names, by their path in dist and in src. @returns {Record<string, string>} */
function entryPoints() {
  const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync("package.json", "utf8")));
  const { exports, bin } = manifest;
  const named = [...Object.values(exports), ...Object.values(bin ?? {})];
  const files = named.map((each) => (typeof each === "string" ? each : each.default));
  const names = files.flatMap((file) => /^\.\/dist\/(.+)\.js$/.exec(file)?.[1] ?? []);
  return Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]));
}

/** @returns {boolean} whether it worked; if not, what is wrong has been printed. */
function compileTypes() {
  const compiler = fileURLToPath(import.meta.resolve("typescript/bin/tsc"));
  const args = [compiler, "-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", NEXT];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status === 0;
}

async function compileCode() {
  const modules = await rolldown({
    input: entryPoints(),
    platform: "node",
    external: /^[^./]/,
    transform: { target: "es2023" },
  });
  await modules.write({
    dir: NEXT,
    format: "esm",
    entryFileNames: "[name].js",
    // As deep as the entry points, so that `import.meta.url` leads from each to the same places.
    chunkFileNames: "chunks/[name].js",
    sourcemap: true,
    sourcemapExcludeSources: true, // src is published beside it
  });
  await modules.close();
}

/** Writes one module for browsers, with all that it imports in it. @param {string} from @param {string} to */
async function bundle(from, to) {
  const module = await rolldown({ input: from, platform: "browser" });
  await module.write({ file: to, format: "esm", minify: true });
  await module.close();
}

remove(NEXT);
if (compileTypes()) {
  await compileCode();
  remove(LAST);
  if (existsSync("dist")) renameSync("dist", LAST);
  renameSync(NEXT, "dist");
  remove(LAST);
  if (existsSync(PAGE_CLIENT.from)) await bundle(PAGE_CLIENT.from, PAGE_CLIENT.to);
} else {
  remove(NEXT);
  process.exitCode = 1;
}
