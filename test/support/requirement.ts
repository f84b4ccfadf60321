import { test } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** What a skipped test lacked, as one sentence; `RequirementReporter` prints it at the end of the run. */
    missingRequirement?: string;
  }
}

/**
 * Says whether something outside the repository that some tests need is here, for `describe.runIf`.
 *
 * When it is missing the tests are skipped, but never quietly: the run ends with one line per missing requirement
 * that names it and how to get it. On CI (`CI=true`) nothing may be skipped, so there a missing requirement is a
 * failing test. Call it while tests are being collected: at the top of a test file or in a `describe` body.
 *
 * @param name - What is needed and by which tests, as in `"browser tests: Chromium"`.
 * @param available - Whether it was found.
 * @param howToInstall - The command that installs it.
 * @returns `available`, unchanged.
 *
 * @example
 * ```ts
 * const chromium = existsSync("/usr/bin/chromium");
 * describe.runIf(requirement("browser tests: Chromium", chromium, "apt-get install chromium"))("the page", () => {});
 * ```
 */
export function requirement(name: string, available: boolean, howToInstall: string): boolean {
  if (available) return true;

  const missingRequirement = `${name} not found; install it with: ${howToInstall}`;
  test(`requires ${name}`, { meta: { missingRequirement } }, ({ skip }) => {
    if (process.env["CI"] === "true") throw new Error(missingRequirement);
    skip(missingRequirement);
  });
  return false;
}
