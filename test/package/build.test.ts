import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** A compiler takes its time on a busy machine. */
const patience = { timeout: 30_000 };

const script = resolve("scripts/build.js");

/** A package that was built once, and whose one source file is now `source`. */
async function createPackage(source: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "halyard-"));
  for (const each of ["src", "dist"]) await mkdir(join(folder, each));
  const compilerOptions = { rootDir: "src", outDir: "dist", noEmitOnError: true, types: [], declaration: true };
  const manifest = { exports: { ".": { default: "./dist/boat.js" }, "./package.json": "./package.json" } };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "tsconfig.build.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
  await writeFile(join(folder, "src/boat.ts"), source);
  await writeFile(join(folder, "dist/old.js"), "");
  return folder;
}

describe("npm run build", patience, () => {
  test("replaces dist, and leaves nothing of the old one or beside it", async () => {
    const folder = await createPackage("export const knots: number = 12;\n");
    const [code] = (await once(spawn(process.execPath, [script], { cwd: folder }), "exit")) as [number];
    expect(code).toBe(0);
    expect((await readdir(folder)).toSorted()).toEqual(["dist", "package.json", "src", "tsconfig.build.json"]);
    expect((await readdir(join(folder, "dist"))).toSorted()).toEqual(["boat.d.ts", "boat.js", "boat.js.map"]);
    const map = JSON.parse(await readFile(join(folder, "dist/boat.js.map"), "utf8")) as { sources: string[] };
    expect(map.sources).toEqual(["../src/boat.ts"]);
  });

  test("leaves the old dist as it was when the source is wrong", async () => {
    const folder = await createPackage("export const knots: number = 'twelve';\n");
    const [code] = (await once(spawn(process.execPath, [script], { cwd: folder }), "exit")) as [number];
    expect(code).toBe(1);
    expect(await readdir(join(folder, "dist"))).toEqual(["old.js"]);
    expect((await readdir(folder)).toSorted()).toEqual(["dist", "package.json", "src", "tsconfig.build.json"]);
  });
});
