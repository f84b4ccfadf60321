import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import typescript from "typescript";

const run = promisify(execFile);

/** A suite as JavaScript without imports, for those that cannot load it from here. */
export function suiteText(name: string): string {
  const text = readFileSync(resolve(import.meta.dirname, "..", `${name}.ts`), "utf8");
  const { ESNext } = typescript.ScriptTarget;
  const options = { target: ESNext, module: typescript.ModuleKind.ESNext };
  return typescript.transpileModule(text, { compilerOptions: options }).outputText;
}

/** What fails of the WebSocket suite on the class that the Node at `program` has built in. */
export async function failuresOfNode(program: string, base: string): Promise<Record<string, string>> {
  const code = `${suiteText("web-socket-suite")}
    process.on("uncaughtException", () => {});
    console.log(JSON.stringify(await failuresOf(expectations, { WebSocket, base: ${JSON.stringify(base)} })));
    process.exit();`;
  const { stdout } = await run(program, ["--input-type=module", "-e", code]);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, string>;
}
