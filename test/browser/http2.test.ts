import { expect, onTestFinished, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { serve } from "../../src/server/index.js";
import { startServe } from "../support/halyard-process.js";
import { describeInChromium } from "../support/in-chromium.js";

describeInChromium("Chromium, on a page that came over HTTP/2", (browser) => {
  test.each([
    ["opens its WebSockets as streams of the same connection (RFC 8441)", true, "2.0"],
    ["opens a connection of HTTP/1.1 for each where the server has no HTTP/2", false, "1.1"],
  ])("%s", async (_, http2, version) => {
    const opened: { version: string; remote: string }[] = [];
    const server = await serve({
      host: "localhost",
      tls: await createSelfSigned(undefined),
      http2,
      onRequest: (__, response) => {
        response.setHeader("content-type", "text/html");
        response.end("<title>HTTP</title>");
      },
      routes: {
        "/echo": {
          open: ({ httpVersion, remote }) => void opened.push({ version: httpVersion, remote }),
          message: (socket, message) => socket.write(message),
        },
      },
    });
    onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
    const context = await browser().newContext({ ignoreHTTPSErrors: true });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(server.url);
    const answers = await page.evaluate(
      async (url) => {
        const echo = (text: string): Promise<string> =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket(url);
            socket.addEventListener("open", () => socket.send(text));
            socket.addEventListener("message", ({ data }) => resolve(data as string));
            socket.addEventListener("error", () => reject(new Error("no WebSocket")));
          });
        return [await echo("one"), await echo("two"), await echo("x".repeat(200_000))];
      },
      `${server.url.replace("https", "wss")}echo`,
    );
    expect(answers).toEqual(["one", "two", "x".repeat(200_000)]);
    expect(opened.map((each) => each.version)).toEqual([version, version, version]);
    expect(new Set(opened.map(({ remote }) => remote)).size).toBe(http2 ? 1 : 3);
  });
});

describeInChromium("The echo page of halyard serve --tls", (browser) => {
  test.each([
    ["with --http2, where Chromium uses it", ["--http2"], "HTTP/2"],
    ["without --http2", [], "HTTP/1.1"],
  ])("shows over which version of HTTP its WebSocket came %s, and echoes", async (_, flags, version) => {
    const { url } = await startServe("--tls", ...flags);
    const context = await browser().newContext({ ignoreHTTPSErrors: true });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    const endpoint = `${url.replace("https", "wss")}echo`;
    await page.locator("#endpoint", { hasText: `${endpoint} over ${version}` }).waitFor();
    expect(await page.locator("#output").textContent()).not.toContain("Server:");
    for (const text of [version, "hello"]) {
      await page.fill("#input", text);
      await page.keyboard.press("Enter");
      await page.locator("#output", { hasText: `Server: ${text}` }).waitFor();
    }
  });
});
