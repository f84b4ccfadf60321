import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type EchoServer, start } from "../../examples/tutorial/src/4-close.js";
import { chromiumInstall, chromiumPath, launchChromium } from "../support/chromium.js";
import { requirement } from "../support/requirement.js";

const hasChromium = requirement("tests of the tutorial's page: Chromium", chromiumPath !== undefined, chromiumInstall);

describe.runIf(hasChromium)("the tutorial's page", { timeout: 30_000 }, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
  });

  beforeEach(() => {
    vi.spyOn(console, "log").mockImplementation(() => {});
  });

  /** A server, the page as its visitor has it once it is connected, and what the browser complained of. */
  async function visit(): Promise<{ server: EchoServer; page: Page; complaints: string[] }> {
    const server = await start(0);
    onTestFinished(() => void server.close());
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (entry) => complaints.push(entry.text()));
    await page.goto(`http://localhost:${server.port}/`);
    await page.getByText("Status: Connected").waitFor();
    return { server, page, complaints };
  }

  test("shows what is sent and comes back as text, never as HTML", async () => {
    const { page, complaints } = await visit();
    await page.locator("#input").fill("hello");
    await page.getByText("Send").click();
    await page.getByText("Server: hello").waitFor();
    await page.keyboard.type("<b>hello</b>");
    await page.keyboard.press("Enter");
    await page.getByText("Server: <b>hello</b>").waitFor();
    expect(complaints).toEqual([]);
  });

  test("says how the connection ended, and that it is not connected any more", async () => {
    const { server, page } = await visit();
    await page.getByText("Close", { exact: true }).click();
    await page.getByText("Status: Closed (1000)").waitFor();
    await page.locator("#input").fill("hello");
    await page.keyboard.press("Enter");
    await page.getByText("Status: Not connected").waitFor();

    await page.reload();
    await page.locator("#input").fill("bye");
    await page.getByText("Send").click();
    await page.getByText("Status: Closed (1000) See you soon").waitFor();

    await page.reload();
    await page.getByText("Status: Connected").waitFor();
    await page.locator("#input").fill("x".repeat(1024 * 1024 + 1));
    await page.getByText("Send").click();
    await page.getByText("Status: Closed (1009) message-too-big").waitFor();

    await page.reload();
    await page.getByText("Status: Connected").waitFor();
    expect(await server.close()).toMatchObject({ terminated: 0 });
    await page.getByText("Status: Closed (1001) The server is stopping").waitFor();
  });
});
