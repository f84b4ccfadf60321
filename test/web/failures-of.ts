/** A suite: what is expected, by its name; each throws where it is not met. */
export type Expectations<Context> = Record<string, (context: Context) => void | Promise<void>>;

/** How a suite is run. */
export interface Run {
  /** All at once, or one after the other: browsers open one connection to a server at a time. */
  readonly together: boolean;
  /** Milliseconds after which an expectation has failed for good. */
  readonly patienceMs: number;
}

/** Runs all of `expectations`; gives what failed and how. It is handed over as a text, as they are. */
export async function failuresOf<Context>(
  expectations: Expectations<Context>,
  context: Context,
  { together, patienceMs }: Run,
): Promise<Record<string, string>> {
  const failed: Record<string, string> = {};
  const runs: Promise<void>[] = [];
  for (const [name, expectation] of Object.entries(expectations)) {
    const deadline = new Promise((_, reject) => {
      setTimeout(() => reject(new Error("nothing happened")), patienceMs);
    });
    const run = Promise.race([Promise.resolve(context).then(expectation), deadline]).then(
      () => {},
      (error: unknown) => void (failed[name] = String(error)),
    );
    runs.push(run);
    if (!together) await run;
  }
  await Promise.all(runs);
  return failed;
}
