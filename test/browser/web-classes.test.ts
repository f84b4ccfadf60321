import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { chromiumInstall, chromiumPath, launchChromium } from "../support/chromium.js";
import { requirement } from "../support/requirement.js";
import { chromiumDifferences, chromiumStreamDifferences } from "../web/support/known-differences.js";
import { suiteText } from "../web/support/other-implementations.js";
import { SuiteServer } from "../web/support/suite-server.js";

describe.runIf(requirement("web classes of a browser: Chromium", chromiumPath !== undefined, chromiumInstall))(
  "Chromium differs from our classes in what is listed and nothing else",
  { timeout: 60_000 },
  () => {
    let browser: Browser;
    let server: SuiteServer;

    beforeAll(async () => {
      server = await SuiteServer.start();
      browser = await launchChromium();
    }, 30_000);

    afterAll(async () => {
      await browser.close();
      server.stop();
    });

    /** What fails of a suite in a page, by name. */
    async function failuresIn(suite: string, expectations: string): Promise<string[]> {
      server.pages.set("/suite.js", suiteText(suite));
      const page = await browser.newPage();
      await page.goto(server.url);
      const script = `import("/suite.js").then((suite) => suite.failuresOf(
        suite.${expectations},
        { WebSocket, WebSocketStream, WebSocketError, base: ${JSON.stringify(server.base)} },
        { together: false, patienceMs: 20_000 },
      ))`;
      const failed: Record<string, string> = await page.evaluate(script);
      await page.close();
      return Object.keys(failed).toSorted();
    }

    test("in WebSocket", async () => {
      const failed = await failuresIn("web-socket-suite", "expectations");
      expect(failed).toEqual(Object.keys(chromiumDifferences).toSorted());
    });

    test("in WebSocketStream", async () => {
      const failed = await failuresIn("web-socket-stream-suite", "streamExpectations");
      expect(failed).toEqual(Object.keys(chromiumStreamDifferences).toSorted());
    });
  },
);
