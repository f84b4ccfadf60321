import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);

/** npm takes its time on a busy machine. */
const PATIENCE_MS = 30_000;

describe("the published package", () => {
  let files: string[] = [];

  beforeAll(async () => {
    // The global setup has built dist: `prepack` need not do so again.
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"]);
    const [tarball] = JSON.parse(stdout) as [{ readonly files: readonly { readonly path: string }[] }];
    files = tarball.files.map(({ path }) => path);
  }, PATIENCE_MS);

  test("holds what its entry points and its command name", async () => {
    const manifest = JSON.parse(await readFile("package.json", "utf8")) as {
      bin: Record<string, string>;
      exports: Record<string, string | Record<string, string>>;
    };
    const named = [
      ...Object.values(manifest.bin),
      ...Object.values(manifest.exports).flatMap((entry) =>
        typeof entry === "string" ? [entry] : Object.values(entry),
      ),
    ];
    expect(files).toEqual(expect.arrayContaining(named.map((path) => path.replace("./", ""))));
    expect(files).toEqual(expect.arrayContaining(["page/index.html", "page/status.html"]));
  });

  test("holds every source that its maps point at, so that a debugger shows TypeScript", async () => {
    const maps = files.filter((path) => path.endsWith(".map"));
    expect(maps.length).toBeGreaterThan(50);
    for (const map of maps) {
      const { sources } = JSON.parse(await readFile(map, "utf8")) as { readonly sources: readonly string[] };
      for (const source of sources) expect(files).toContain(join(dirname(map), source));
    }
  });
});
