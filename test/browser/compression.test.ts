import { describe, expect, test } from "vitest";
import { chromiumInstall, chromiumPath, launchChromium } from "../support/chromium.js";
import { startServe } from "../support/halyard-process.js";
import { requirement } from "../support/requirement.js";

describe.runIf(requirement("compression in a browser: Chromium", chromiumPath !== undefined, chromiumInstall))(
  "halyard serve --compression",
  { timeout: 30_000 },
  () => {
    test("has its page and a script's messages echoed to Chromium, compressed", async () => {
      const { url } = await startServe("--compression", "--quiet");
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        await page.goto(url);
        await page.locator("#input").fill("hello ".repeat(50));
        await page.getByRole("button", { name: "Send", exact: true }).click();
        await page.getByText("hello hello").first().waitFor();
        const report = await page.evaluate(
          /** Runs in the page. */
          async (address) => {
            const socket = new WebSocket(address);
            await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
            const echo = (message: string): Promise<unknown> =>
              new Promise((resolve) => {
                socket.addEventListener("message", ({ data }) => resolve(data === message), { once: true });
                socket.send(message);
              });
            const echoed = [];
            for (const message of ["short", "short", "", "long ".repeat(50_000), "héllo ⚓".repeat(100)]) {
              echoed.push(await echo(message));
            }
            return { extensions: socket.extensions, echoed };
          },
          `${url.replace("http", "ws")}echo`,
        );
        expect(report).toEqual({
          extensions: "permessage-deflate; server_max_window_bits=13; client_max_window_bits=13",
          echoed: [true, true, true, true, true],
        });
      } finally {
        await browser.close();
      }
    });
  },
);
