import type { SchemaResult, StandardSchema } from "../../../src/json/index.js";

/**
 * A schema of texts, asynchronous, which decides when the test says so. It takes all but `"bad"`; `"quick"` it takes at once.
 */
export class SlowSchema {
  readonly #undecided: (() => void)[] = [];

  readonly schema: StandardSchema<string> = {
    "~standard": { version: 1, vendor: "test", validate: (value) => this.#validate(value as string) },
  };

  /** How many values wait to be decided. */
  get waiting(): number {
    return this.#undecided.length;
  }

  /** Decides on the value that came last, or so many before it. */
  decide(beforeLast = 0): void {
    const [decide] = this.#undecided.splice(this.waiting - 1 - beforeLast, 1);
    decide?.();
  }

  #validate(value: string): SchemaResult<string> | Promise<SchemaResult<string>> {
    if (value === "quick") return { value };
    return new Promise((resolve) => {
      this.#undecided.push(() => resolve(value === "bad" ? { issues: [{ message: "it is bad" }] } : { value }));
    });
  }
}
