import { basename } from "node:path";

/**
 * The command that runs a program of the built package: this Node, or the runtime that `HALYARD_RUNTIME` names, `bun` or `deno`, where
 * `npm run test:runtimes` has set it.
 */
export const runtimeCommand: readonly [string, ...string[]] = commandOf(process.env["HALYARD_RUNTIME"]);

function commandOf(path: string | undefined): [string, ...string[]] {
  if (path === undefined) return [process.execPath];
  return basename(path).startsWith("deno") ? [path, "run", "--allow-all"] : [path];
}
