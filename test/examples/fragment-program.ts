import { join, resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(import.meta.dirname, "../..");

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: ["node"],
  paths: { "halyard/*": [join(ROOT, "src/*/index.ts")] },
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

/** Fragments of code, checked together against the library's types: those of Node and the DOM are there too. */
export class FragmentProgram {
  readonly #program: ts.Program;

  /**
   * @param fragments the code of each, by any name
   * @param declared for each name, declarations of what its fragment takes for granted
   */
  constructor(fragments: ReadonlyMap<string, string>, declared: (name: string) => string) {
    const sources = new Map(Array.from(fragments, ([name, code]) => [fileOf(name), moduleOf(code, declared(name))]));
    const host = ts.createCompilerHost(OPTIONS);
    const getSourceFile = host.getSourceFile.bind(host);
    host.getSourceFile = (file, version, ...rest) => {
      const source = sources.get(file);
      return source === undefined ? getSourceFile(file, version, ...rest) : ts.createSourceFile(file, source, version);
    };
    this.#program = ts.createProgram([...sources.keys()], OPTIONS, host);
  }

  /** Why the compiler would not take a fragment; empty when it would. */
  complaintsOf(name: string): string[] {
    const file = this.#program.getSourceFile(fileOf(name));
    return [...this.#program.getSyntacticDiagnostics(file), ...this.#program.getSemanticDiagnostics(file)].map(
      ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "),
    );
  }
}

/** Where a fragment would be if it were a file: in the repository, whose packages it imports. */
const fileOf = (name: string): string => join(ROOT, `${name.replaceAll(/\W/g, "-")}.ts`);

/** A module whose imports and declarations the fragment sees, and whose names it may take for its own. */
function moduleOf(code: string, declared: string): string {
  const isImport = /^import .*$/gm;
  const imports = code.match(isImport) ?? [];
  return `${imports.join("\n")}\n${declared}\nexport async function fragment() {\n${code.replaceAll(isImport, "")}\n}\n`;
}
