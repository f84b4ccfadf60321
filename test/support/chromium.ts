import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser that the tests drive: `CHROMIUM_PATH`, or where Debian and others put it. */
export const chromiumPath: string | undefined = [process.env["CHROMIUM_PATH"] ?? "", ...PLACES].find((path) =>
  existsSync(path),
);

/** How to get it, for `requirement`. */
export const chromiumInstall = "apt-get install chromium";

export async function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(`no Chromium: ${chromiumInstall}`);
  return await chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--no-sandbox", // CI runs as root, for which Chromium has no sandbox
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
