import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import typescript from "typescript";

const run = promisify(execFile);

/** A suite with what runs it, as JavaScript without imports, for those that cannot load it from here. */
export function suiteText(name: string): string {
  const options = { target: typescript.ScriptTarget.ESNext, module: typescript.ModuleKind.ESNext };
  const folder = resolve(import.meta.dirname, "..");
  return [name, "failures-of"]
    .map((file) => readFileSync(resolve(folder, `${file}.ts`), "utf8"))
    .map((text) => typescript.transpileModule(text, { compilerOptions: options }).outputText)
    .join("\n");
}

/** What fails of the WebSocket suite on the class that the Node at `program` has built in. */
export async function failuresOfNode(program: string, base: string): Promise<Record<string, string>> {
  const code = `${suiteText("web-socket-suite")}
    const context = { WebSocket, base: ${JSON.stringify(base)} };
    console.log(JSON.stringify(await failuresOf(expectations, context, { together: true, patienceMs: 8_000 })));
    process.exit();`;
  const { stdout } = await run(program, ["--input-type=module", "-e", code]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, string>;
}

/** The major version of the Node at `program`. */
export function majorOf(program: string): number {
  return Number(execFileSync(program, ["-p", "process.versions.node.split('.')[0]"], { encoding: "utf8" }));
}
