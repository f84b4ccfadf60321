import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { EchoPeer } from "../support/echo-peer.js";
import { startServe } from "../support/halyard-process.js";
import { describeInChromium } from "../support/in-chromium.js";

const TOKEN = "a-token-of-the-user";

describeInChromium("the status page", (browser) => {
  /** The page, and what the browser complained of. */
  async function visit(url: string): Promise<{ page: Page; complaints: readonly string[] }> {
    const context = await browser().newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (entry) => {
      if (entry.type() === "error" || entry.type() === "warning") complaints.push(entry.text());
    });
    await page.goto(url);
    return { page, complaints };
  }

  test("draws figures as they move, and takes the token out of its address", async () => {
    const server = await startServe("--status");
    const [, url = ""] = await server.process.find(/Look inside at (http:\S+)/);
    const { page, complaints } = await visit(url);
    const peer = await EchoPeer.connect(server.echoUrl);
    const connections = page.getByLabel("Connections", { exact: true });
    await connections.getByText("1", { exact: true }).waitFor();
    const bytesOut = page.locator("figure", { hasText: "Bytes out" });
    const sending = { goesOn: true };
    onTestFinished(() => void (sending.goesOn = false));
    const echoes = (async () => {
      while (sending.goesOn) await peer.echo("x".repeat(1_000));
    })();
    await bytesOut
      .locator("output")
      .getByText(/^[\d.]+ [kM]B\/s$/)
      .waitFor();
    sending.goesOn = false;
    await echoes;
    expect(await bytesOut.locator("path").getAttribute("d")).toMatch(/^M\d+ [\d.]+(?:L\d+ [\d.]+)+$/);
    expect(await bytesOut.locator(".peak").textContent()).toMatch(/^peak [\d.]+ [kM]B\/s$/);
    peer.socket.close(4321);
    await page.getByRole("row", { name: "Closed 4xxx 1" }).waitFor();
    expect(page.url()).toBe(new URL("/status.html", server.url).href);
    expect(complaints).toEqual([]);
  });

  test("asks for the token, says when it is wrong, and when the server has gone", async () => {
    const server = await startServe("--status", "--status-token", TOKEN);
    const { page } = await visit(new URL("/status", server.url).href);
    await page.getByText("This server wants a token").waitFor();
    expect(await page.getByLabel("Connections").isVisible()).toBe(false);
    const answer = async (token: string): Promise<void> => {
      await page.getByLabel("Token").fill(token);
      await page.getByRole("button", { name: "Look inside" }).click();
    };
    await answer("wrong");
    await page.getByText("That is not the token").waitFor();
    await answer(TOKEN);
    await page.getByLabel("Connections", { exact: true }).getByText("0", { exact: true }).waitFor();
    expect(await page.getByLabel("Token").isVisible()).toBe(false);
    server.process.signal("SIGTERM");
    await page.getByText("The server does not answer; trying again").waitFor();
    expect(await server.process.exited).toEqual({ code: 0, signal: null });
  });
});
