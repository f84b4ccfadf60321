import { gzipSync } from "node:zlib";
import { resolve } from "node:path";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

/** What a browser loads, in bytes: the module that imports this, bundled, minified and compressed. */
async function sizeOf(source: string): Promise<{ readonly bytes: number; readonly imports: readonly string[] }> {
  const bundle = await rolldown({
    input: "entry",
    platform: "browser",
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? id : null),
        load: (id) => (id === "entry" ? source : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const [{ code, imports }] = output;
  return { bytes: gzipSync(code, { level: 9 }).length, imports };
}

const entry = JSON.stringify(resolve(import.meta.dirname, "../../dist/reconnecting/index.js"));

test("the reconnecting socket costs a page no more than 5 kB, and nothing else is loaded with it", async () => {
  const { bytes, imports } = await sizeOf(`export * from ${entry}`);
  expect(imports).toEqual([]);
  expect(bytes).toBeLessThanOrEqual(5_000);
  expect(bytes).toBeGreaterThan(3_000); // it is in there
});
