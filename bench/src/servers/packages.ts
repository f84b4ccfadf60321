import { createRequire } from "node:module";
import { join } from "node:path";

const folder = process.env["HALYARD_BENCH_PACKAGES"];

/**
 * Loads a package that the benchmark installed into its cache; where it installed none, the project's own. What it holds is the
 * caller's to say: the cache has no types.
 */
export function packageOf(name: string): unknown {
  const require = createRequire(folder === undefined ? import.meta.url : join(folder, "package.json"));
  return require(name);
}
