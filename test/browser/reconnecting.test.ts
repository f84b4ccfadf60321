import type { CDPSession, Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { launchChromiumWithTabs } from "../support/chromium.js";
import { DeafRelay } from "../support/deaf-relay.js";
import { type RunningServer, startServe } from "../support/halyard-process.js";
import { describeInChromium } from "../support/in-chromium.js";

/** Runs in the page: a socket of its own to /echo, and all that it tells in `window.told`. */
const setup = (heartbeat: string): string => `(async () => {
  const { ReconnectingSocket } = await import("/reconnecting.js");
  window.told = [];
  window.socket = new ReconnectingSocket(new URL("/echo", location.href.replace("http", "ws")), {
    firstDelayMs: 100, maxDelayMs: 1_000, heartbeat: ${heartbeat},
  });
  socket.on("state", (state) => told.push(state.kind === "waiting" ? "waiting: " + state.reason.kind : state.kind));
  socket.on("message", (message) => told.push("message: " + message));
})()`;

const PROBE = '{ probe: "ping", isReply: (message) => message === "ping" }';

describeInChromium("a reconnecting socket in Chromium", (browser) => {
  async function open(
    { url }: Pick<RunningServer, "url">,
    heartbeat = PROBE,
  ): Promise<{ page: Page; cdp: CDPSession; told: () => Promise<string[]> }> {
    const context = await browser().newContext({ bypassCSP: true }); // for what waitForFunction evaluates
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    await page.evaluate(setup(heartbeat));
    await page.waitForFunction("socket.state.kind === 'open'");
    return { page, cdp: await context.newCDPSession(page), told: () => page.evaluate<string[]>("told") };
  }

  test("comes back to a server that was killed and started again, and sends what waited", async () => {
    const server = await startServe();
    const { page, told } = await open(server);
    server.process.signal("SIGKILL");
    await server.process.exited;
    await page.waitForFunction("socket.state.kind !== 'open'");
    expect(await page.evaluate<string>("socket.send('waited')")).toBe("queued");
    await startServe("--port", String(server.port));
    await page.waitForFunction("told.includes('message: waited')");
    expect((await told()).slice(0, 2)).toEqual(["open", "waiting: closed"]);
  });

  test("gives its connection up when the network is cut, and comes back with it", async () => {
    const { page, cdp, told } = await open(await startServe());
    const conditions = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    await cdp.send("Network.emulateNetworkConditions", { offline: true, ...conditions });
    await page.waitForFunction("told.includes('waiting: offline')");
    expect(await page.evaluate<boolean>("socket.state.isOnline ?? navigator.onLine")).toBe(false);
    await cdp.send("Network.emulateNetworkConditions", { offline: false, ...conditions });
    await page.waitForFunction("socket.state.kind === 'open'");
    await page.evaluate("socket.send('again')");
    await page.waitForFunction("told.includes('message: again')");
    expect((await told())[0]).toBe("open");
  });

  test("changes over to another connection when its line goes deaf, with no help of the server and no gap", async () => {
    const server = await startServe();
    const relay = await DeafRelay.to(server.port);
    // Long beside the time that a busy machine takes from here to the void: a line that is only silent is given up as well.
    const { page, told } = await open({ url: `http://127.0.0.1:${relay.port}/` }, "{ intervalMs: 3_000 }");
    relay.goDeaf();
    await page.evaluate("socket.send('into the void')");
    // Said until it is heard: the first may go the same way, and so may a line that was being opened just then.
    await page.waitForFunction("socket.send('heard') && told.includes('message: heard')", undefined, { polling: 200 });
    expect(new Set(await told())).toEqual(new Set(["open", "message: heard"]));
    expect(server.process.stdout).not.toContain("into the void");
  });

  /** The same in a tab behind another, which Chromium may freeze. */
  async function openInBackground(server: RunningServer): Promise<{ page: Page; cdp: CDPSession }> {
    const context = await launchChromiumWithTabs();
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("Page.setBypassCSP", { enabled: true }); // for what waitForFunction evaluates
    await page.goto(server.url);
    await page.evaluate(setup(PROBE));
    await page.waitForFunction("socket.state.kind === 'open'");
    await page.evaluate(
      "for (const type of ['freeze', 'resume']) document.addEventListener(type, () => told.push(type))",
    );
    const other = await context.newPage();
    await other.bringToFront();
    await page.waitForFunction("document.visibilityState === 'hidden'", undefined, { polling: 20 });
    return { page, cdp };
  }

  test("is there again after a real freeze of its tab", async () => {
    const { page, cdp } = await openInBackground(await startServe());
    await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
    await cdp.send("Page.setWebLifecycleState", { state: "active" });
    await page.bringToFront();
    await page.waitForFunction("told.includes('resume')");
    // Chromium 156 drops the connections of a page that it thaws, with 1006 and whoever holds them: what is sent may wait.
    await page.evaluate("socket.send('thawed')");
    await page.waitForFunction("told.includes('message: thawed')");
    expect((await page.evaluate<string[]>("told")).slice(0, 3)).toEqual(["open", "freeze", "resume"]);
  });

  test("keeps a connection that lives, told of a freeze and a resume by events that the test makes", async () => {
    const server = await startServe();
    const { page, told } = await open(server);
    await page.evaluate("for (const type of ['freeze', 'resume']) document.dispatchEvent(new Event(type))");
    await server.process.find(/sent: ping$/m); // it has to prove itself
    await page.evaluate("socket.send('thawed')");
    await page.waitForFunction("told.includes('message: thawed')");
    expect(await told()).toEqual(["open", "message: thawed"]);
  });

  test("notices after a real freeze of its tab that its server has gone meanwhile", async () => {
    const server = await startServe();
    const { page, cdp } = await openInBackground(server);
    await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
    server.process.signal("SIGKILL");
    await server.process.exited;
    await startServe("--port", String(server.port));
    await cdp.send("Page.setWebLifecycleState", { state: "active" });
    await page.bringToFront();
    await page.waitForFunction("told.filter((each) => each === 'open').length === 2");
    await page.evaluate("socket.send('back')");
    await page.waitForFunction("told.includes('message: back')");
    expect((await page.evaluate<string[]>("told")).slice(0, 3)).toEqual(["open", "freeze", "resume"]);
  });
});
