import type { BrowserContextOptions, Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { startServe } from "../support/halyard-process.js";
import { describeInChromium } from "../support/in-chromium.js";

/** Without motion the tests are faster. */
const desktop: BrowserContextOptions = {
  viewport: { width: 1280, height: 800 },
  ignoreHTTPSErrors: true,
  reducedMotion: "reduce",
};
const phone: BrowserContextOptions = {
  viewport: { width: 375, height: 740 },
  isMobile: true,
  hasTouch: true,
  reducedMotion: "reduce",
};

const CLOSED = "Status: Closed, code 1001 (going away), reason: the server is stopping";

/** The page as a visitor has it before them. */
interface Visit {
  readonly page: Page;
  /** What the browser complained of: scripts that threw, what the content security policy refused, missing files. */
  readonly complaints: readonly string[];
  /** Waits for a line of the output. */
  readonly said: (line: string | RegExp) => Promise<void>;
  readonly send: (text: string) => Promise<void>;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where an element lies in the window, in CSS pixels. */
async function boxOf(page: Page, selector: string): Promise<Box> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is not visible`);
  return { left: box.x, top: box.y, right: box.x + box.width, bottom: box.y + box.height };
}

describeInChromium("the page", (browser) => {
  async function visit(url: string, options: BrowserContextOptions = desktop): Promise<Visit> {
    const context = await browser().newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (entry) => {
      if (entry.type() === "error" || entry.type() === "warning") complaints.push(entry.text());
    });
    await page.goto(url);
    const output = page.locator("#output");
    return {
      page,
      complaints,
      said: async (line) => {
        await output.getByText(line, { exact: true }).last().waitFor();
      },
      send: async (text) => {
        await page.locator("#input").fill(text);
        await page.locator("#send").click();
      },
    };
  }

  describe.each([
    ["http", []],
    ["https", ["--tls"]],
  ])("over %s", (scheme, flags) => {
    test("connects, sends what is typed and shows the echo, which the terminal prints too", async () => {
      const server = await startServe(...flags);
      expect(server.url).toMatch(`${scheme}://`);
      const { page, said, send, complaints } = await visit(server.url);
      await said("Status: Connected");
      await said(`Status: Connecting to ${server.echoUrl}`);
      await send("hello");
      await said("Server: hello");
      await server.process.find(/^(?:\[::1\]|127\.0\.0\.1):\d+ sent: hello$/m);
      expect(await page.locator("#input").inputValue()).toBe("");
      expect(complaints).toEqual([]);
    });

    test("shows why the connection closed, and reconnects by itself when the server is back on its port", async () => {
      const server = await startServe(...flags);
      const { page, said, send } = await visit(server.url);
      const reconnect = page.getByRole("button", { name: "Reconnect now" });
      await said("Status: Connected");
      expect(await reconnect.isVisible()).toBe(false);

      server.process.signal("SIGTERM");
      await said(CLOSED);
      expect(await server.process.exited).toMatchObject({ code: 0 });
      await page.locator("#input").fill("kept");
      await page.locator("#input").press("Enter");
      await page.getByText("Not connected yet: wait a moment, or press Reconnect now.").waitFor();
      expect(await page.locator("#input").inputValue()).toBe("kept");
      await said("Status: Could not connect: the server does not run, or it refused");

      expect(await reconnect.isVisible()).toBe(true);
      await startServe(...flags, "--port", String(server.port));
      await page.locator("body[data-state=connected]").waitFor();
      expect(await reconnect.isVisible()).toBe(false);
      expect(await page.locator("#hint").textContent()).toBe("");
      await send("hello again");
      await said("Server: hello again");
    });
  });

  test.each(["light", "dark"] as const)(
    "has a Send that cannot be used look so, also under the mouse: %s",
    async (colorScheme) => {
      const server = await startServe();
      const { page, said } = await visit(server.url, { ...desktop, colorScheme });
      await said("Status: Connected");
      server.process.signal("SIGTERM");
      await said(CLOSED);
      const look = async (): Promise<string[]> => {
        const style = "getComputedStyle(document.getElementById('send'))";
        return [await page.evaluate<string>(`${style}.color`), await page.evaluate<string>(`${style}.backgroundColor`)];
      };
      const before = await look();
      expect(before[1]).toBe("rgba(0, 0, 0, 0)");
      await page.locator("#send").hover();
      expect(await look()).toEqual(before);
    },
  );

  test("counts down to its next attempt, and reconnects at once by a button that keeps the keyboard's place", async () => {
    const server = await startServe();
    const { page, said } = await visit("about:blank");
    await page.clock.install({ time: 0 });
    await page.addInitScript("Math.random = () => 0.999");
    await page.goto(server.url);
    await said("Status: Connected");
    await page.clock.pauseAt(10_000);
    server.process.signal("SIGTERM");
    await said(CLOSED);
    await server.process.exited;
    expect(await page.locator("#state").textContent()).toBe("Reconnecting in 1 s");
    await page.clock.runFor(1_000);
    await said("Status: Could not connect: the server does not run, or it refused");
    await page.locator("#state").getByText("Reconnecting in 2 s").waitFor();
    await page.clock.runFor(1_000);
    expect(await page.locator("#state").textContent()).toBe("Reconnecting in 1 s");

    await startServe("--port", String(server.port));
    await page.getByRole("button", { name: "Reconnect now" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("body[data-state=connected]").waitFor();
    expect(await page.evaluate<string>("document.activeElement.id")).toBe("input");
  });

  test("sends with Enter, without losing the focus", async () => {
    const { url } = await startServe();
    const { page, said } = await visit(url);
    await said("Status: Connected");
    await page.keyboard.type("first"); // the input has the focus from the start
    await page.keyboard.press("Enter");
    await page.keyboard.type("second");
    await page.keyboard.press("Enter");
    await said("Server: first");
    await said("Server: second");
  });

  test("sends binary: what is typed, or a few bytes", async () => {
    const { url } = await startServe();
    const { page, said } = await visit(url);
    await said("Status: Connected");
    await page.locator("#input").fill("hello");
    await page.locator("#send-binary").click();
    await said("Server: <binary, 5 bytes> 68 65 6c 6c 6f");
    await page.locator("#send-binary").click();
    await said(/^Server: <binary, 12 bytes>( [0-9a-f]{2}){12}$/);
  });

  test("sends a large message and recognises the whole of it", async () => {
    const { url } = await startServe();
    const { page, said } = await visit(url);
    await said("Status: Connected");
    await page.locator("#send-large").click();
    await said(/^Server: 1 fathoms deep\. .* … \(262,144 characters\)$/);
    await page.getByText("256 KiB, 1 echoed").waitFor();
  });

  test("shows the round trip of each echo, and of the latest", async () => {
    const { url } = await startServe();
    const { page, said, send } = await visit(url);
    await said("Status: Connected");
    expect(await page.locator("#round-trip").textContent()).toBe("–");
    await send("hello");
    await said("Server: hello");
    const duration = await page.locator("[data-from=server] .note").textContent();
    expect(duration).toMatch(/^\d+(?:\.\d)? m?s$/);
    expect(await page.locator("#round-trip").textContent()).toBe(duration);
  });

  test("shows an empty message as what it is", async () => {
    const { url } = await startServe();
    const { page, said } = await visit(url);
    await said("Status: Connected");
    await page.locator("#send").click();
    await said("You: <text, 0 bytes>");
    await said("Server: <text, 0 bytes>");
  });

  test("shows HTML as text and runs nothing of it", async () => {
    const { url } = await startServe();
    const { page, said, send, complaints } = await visit(url);
    await said("Status: Connected");
    for (const attack of [
      "<img src=x onerror=alert(1)>",
      "<script>alert(2)</script>",
      "</p></div><svg onload=alert(3)>",
      "<a href='javascript:alert(4)'>click</a>",
    ]) {
      await send(attack);
      await said(`Server: ${attack}`);
    }
    expect(await page.locator("#output :is(img, script, svg, a)").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("keeps the latest 500 lines only", async () => {
    const { url } = await startServe("--quiet");
    const { page, said } = await visit(url);
    await said("Status: Connected");
    await page.evaluate("for (let i = 0; i < 400; i += 1) document.getElementById('send-binary').click()");
    await page.getByText("4.7 KiB, 400 echoed").waitFor();
    expect(await page.locator("#output > *").count()).toBe(500);
    expect(await page.locator("#output").getByText("Status: Connected").count()).toBe(0);
  });

  test("can be used by name and role, as a screen reader does", async () => {
    const { url } = await startServe();
    const { page, said } = await visit(url);
    await said("Status: Connected");
    await page.getByRole("textbox", { name: "Message" }).fill("by name");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("log", { name: "Log" }).getByText("Server: by name").waitFor();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Halyard");
    const order: string[] = [];
    for (let steps = 0; steps < 3; steps += 1) {
      await page.keyboard.press("Tab");
      order.push(await page.evaluate<string>("document.activeElement.id"));
    }
    expect(order).toEqual(["send", "send-binary", "send-large"]);
  });

  test("fits the screens of phones, with buttons that a finger hits", async () => {
    const { url } = await startServe();
    const { page, said, send } = await visit(url, phone);
    await said("Status: Connected");
    await send("x".repeat(200));
    await said(/^Server: x{200}$/);
    for (const width of [320, 375, 740]) {
      await page.setViewportSize({ width, height: 640 });
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(width);
      for (const id of ["input", "send", "send-binary", "send-large"]) {
        const box = await page.locator(`#${id}`).boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect(box!.x + box!.width).toBeLessThanOrEqual(width);
        expect(box?.height).toBeGreaterThanOrEqual(44);
      }
    }
  });

  test("has the countdown and its button side by side in their card, on narrow screens and wide", async () => {
    const server = await startServe();
    const { page, said } = await visit("about:blank");
    await page.clock.install({ time: 0 });
    await page.goto(server.url);
    await said("Status: Connected");
    await page.clock.pauseAt(10_000); // so that the reading below stays
    server.process.signal("SIGTERM");
    await page.locator("body[data-state=reconnecting]").waitFor();
    await page.evaluate("document.getElementById('state').textContent = 'Reconnecting in 10 s'"); // the longest
    for (const width of [320, 375, 705, 768, 1024, 1152, 1264, 1280]) {
      await page.setViewportSize({ width, height: 740 });
      const [card, countdown, button] = await Promise.all([
        boxOf(page, ".gauge-state"),
        boxOf(page, "#state"),
        boxOf(page, "#reconnect"),
      ]);
      expect(card.right, `card at ${width} px`).toBeLessThanOrEqual(width);
      for (const inner of [countdown, button]) {
        expect(inner.left, `left edge at ${width} px`).toBeGreaterThanOrEqual(card.left);
        expect(inner.right, `right edge at ${width} px`).toBeLessThanOrEqual(card.right);
        expect(inner.top, `upper edge at ${width} px`).toBeGreaterThanOrEqual(card.top);
        expect(inner.bottom, `lower edge at ${width} px`).toBeLessThanOrEqual(card.bottom);
      }
      expect(button.left, `button beside the countdown at ${width} px`).toBeGreaterThan(countdown.right);
      expect(button.bottom - button.top, `height at ${width} px`).toBeGreaterThanOrEqual(44);
    }
  });

  test.each([
    [375, 700, 380],
    [320, 480, 180],
    [740, 360, 120],
  ])("leaves the log room on a screen of %i × %i, and needs no scrolling", async (width, height, least) => {
    const server = await startServe();
    const { page, said } = await visit(server.url, { ...phone, viewport: { width, height } });
    await said("Status: Connected");
    for (const state of ["connected", "reconnecting"]) {
      await page.locator(`body[data-state=${state}]`).waitFor();
      expect(await page.evaluate<number>("document.documentElement.scrollHeight")).toBe(height);
      expect((await page.locator("#output").boundingBox())?.height).toBeGreaterThanOrEqual(least);
      const shown =
        state === "reconnecting" ? ["state", "input", "reconnect"] : ["state", "round-trip", "sent", "input"];
      for (const id of shown) expect(await page.locator(`#${id}`).isVisible()).toBe(true);
      await page.screenshot({ path: `test-artefacts/page-${width}x${height}-${state}.png` });
      server.process.signal("SIGTERM");
    }
    await page.getByRole("heading", { level: 1, name: "Halyard" }).waitFor({ state: "attached" });
  });

  test("moves nothing for who prefers it so", async () => {
    const { url } = await startServe();
    const { page, said } = await visit(url, desktop);
    await said("Status: Connected");
    const duration = "getComputedStyle(document.querySelector('.hoist')).transitionDuration";
    expect(await page.evaluate<string>(duration)).toBe("0s");
    await page.emulateMedia({ reducedMotion: "no-preference" });
    expect(await page.evaluate<string>(duration)).not.toBe("0s");
  });

  test.each([
    ["light", { ...desktop, colorScheme: "light" }],
    ["dark", { ...desktop, colorScheme: "dark" }],
    ["phone", { ...phone, colorScheme: "light", deviceScaleFactor: 2 }],
  ] as const)("is photographed: %s", async (name, options) => {
    const { url } = await startServe();
    const { page, said, send } = await visit(url, options);
    await said("Status: Connected");
    for (const text of ["hello", "naïve café ⚓", "<b>text stays text</b>"]) {
      await send(text);
      await said(`Server: ${text}`);
    }
    await page.locator("#send-binary").click();
    await said(/^Server: <binary, 12 bytes>/);
    await page.locator("#input").focus();
    await page.mouse.move(0, 0); // off the button that was clicked
    const image = await page.screenshot({ path: `test-artefacts/page-${name}.png` });
    expect(image.length).toBeGreaterThan(10_000);
  });
});
