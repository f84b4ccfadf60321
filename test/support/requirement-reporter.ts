import type { Reporter, TestModule } from "vitest/node";

/** Ends a run with one `SKIPPED: ...` line for each missing requirement, however many files asked for it. */
export class RequirementReporter implements Reporter {
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void = console.log) {
    this.#print = print;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const missing of missingRequirements(modules)) this.#print(`SKIPPED: ${missing}`);
  }
}

function missingRequirements(modules: readonly TestModule[]): Set<string> {
  const missing = new Set<string>();
  for (const module of modules) {
    for (const test of module.children.allTests("skipped")) {
      const { missingRequirement } = test.meta();
      if (missingRequirement !== undefined) missing.add(missingRequirement);
    }
  }
  return missing;
}
