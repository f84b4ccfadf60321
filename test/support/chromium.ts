import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { onTestFinished } from "vitest";
import { HalyardProcess } from "./halyard-process.js";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser that the tests drive: `CHROMIUM_PATH`, or where Debian and others put it. */
export const chromiumPath: string | undefined = [process.env["CHROMIUM_PATH"] ?? "", ...PLACES].find((path) =>
  existsSync(path),
);

/** How to get it, for `requirement`. */
export const chromiumInstall = "apt-get install chromium";

const FLAGS = [
  "--no-sandbox", // CI runs as root, for which Chromium has no sandbox
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: requirePath(), args: FLAGS });
}

/**
 * A Chromium of the running test's own whose tabs go to the background when another comes to the front. In a browser
 * that Playwright launches every page counts as visible, and what is visible gets no `freeze` and no `resume`.
 */
export async function launchChromiumWithTabs(): Promise<BrowserContext> {
  const profile = mkdtempSync(join(tmpdir(), "halyard-chromium-"));
  onTestFinished(() => rmSync(profile, { recursive: true, force: true, maxRetries: 10 }));
  const switches = ["--headless=new", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
  const started = HalyardProcess.of(spawn(requirePath(), [...FLAGS, ...switches, "about:blank"]));
  const [, endpoint = ""] = await started.complained(/DevTools listening on (ws:\S+)/);
  const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true });
  onTestFinished(async () => {
    const session = await browser.newBrowserCDPSession();
    await session.send("Browser.close");
    await started.exited;
  });
  const [context] = browser.contexts();
  if (context === undefined) throw new Error("Chromium has no context to open tabs in");
  return context;
}

function requirePath(): string {
  if (chromiumPath === undefined) throw new Error(`no Chromium: ${chromiumInstall}`);
  return chromiumPath;
}
