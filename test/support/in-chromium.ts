import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { chromiumInstall, chromiumPath, launchChromium } from "./chromium.js";
import { requirement } from "./requirement.js";

/** A browser on a busy machine takes its time, in milliseconds. */
const PATIENCE_MS = 30_000;

/** Describes `subject` by tests that share one Chromium, which `browser` gives while they run. */
export function describeInChromium(subject: string, tests: (browser: () => Browser) => void): void {
  const isThere = requirement(`${subject}: Chromium`, chromiumPath !== undefined, chromiumInstall);
  describe.runIf(isThere)(subject, { timeout: PATIENCE_MS }, () => {
    let running: Browser | undefined;

    beforeAll(async () => {
      running = await launchChromium();
    }, PATIENCE_MS);

    afterAll(async () => {
      await running?.close();
    });

    tests(() => running as Browser);
  });
}
