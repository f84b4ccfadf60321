import { execFile, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { TutorialDoc } from "../examples/tutorial-doc.js";
import { EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess, untilListening } from "../support/halyard-process.js";
import { describeInChromium } from "../support/in-chromium.js";
import { requirement } from "../support/requirement.js";

const ROOT = resolve(import.meta.dirname, "../..");
const APP = join(ROOT, "examples/nextjs");
const isThere = requirement(
  "the recipe for Next.js: its packages",
  existsSync(join(APP, "node_modules/next")),
  "npm ci --prefix examples/nextjs",
);

/** Compiling pages takes long on a busy machine, in milliseconds. */
const PATIENCE_MS = 120_000;

type Mode = "development" | "production";

const environment = (mode: Mode): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_ENV: mode,
  NEXT_TELEMETRY_DISABLED: "1",
  PORT: "0",
});

/** Puts the built package where `npm install halyard` would. No link to the whole repository, which has the app in it. */
function putHalyardBeside(): void {
  const ours = join(APP, "node_modules/halyard");
  rmSync(ours, { recursive: true, force: true });
  mkdirSync(ours);
  copyFileSync(join(ROOT, "package.json"), join(ours, "package.json"));
  symlinkSync(join(ROOT, "dist"), join(ours, "dist"), "dir");
}

async function run(mode: Mode, ...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, args, { cwd: APP, env: environment(mode) });
}

/** The recipe's server in one of the modes of Next.js; gives the port. */
async function start(mode: Mode): Promise<{ port: number; server: HalyardProcess }> {
  const server = HalyardProcess.of(spawn(process.execPath, ["dist/server.js"], { cwd: APP, env: environment(mode) }));
  const { port } = await untilListening(server);
  return { port, server };
}

test("the recipe for Next.js shows its example as it is", () => {
  const files = { ts: "examples/nextjs/server.ts", jsx: "examples/nextjs/pages/index.jsx" };
  expect(new TutorialDoc("docs/recipes/nextjs.md").blocks).toEqual(
    Object.entries(files).map(([language, info]) => ({ language, info, code: readFileSync(info, "utf8") })),
  );
});

describe.runIf(isThere)("the recipe for Next.js", { timeout: PATIENCE_MS }, () => {
  beforeAll(async () => {
    putHalyardBeside();
    await run("production", join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.server.json");
  }, PATIENCE_MS);

  describeInChromium("in development", (browser) => {
    test("answers the page and its WebSocket, and leaves that of hot reloading to Next", async () => {
      const { port } = await start("development");
      const page = await browser().newPage();
      onTestFinished(() => page.close());
      const reloads: unknown[] = [];
      page.on("websocket", (socket) => {
        if (socket.url().includes("/_next/")) socket.on("framereceived", ({ payload }) => reloads.push(payload));
      });
      await page.goto(`http://localhost:${port}/`, { timeout: PATIENCE_MS });
      await page.getByText("Server: hello").waitFor();
      await vi.waitFor(() => expect(reloads).not.toEqual([]));
    });
  });

  test("in production answers the page and its WebSocket, and refuses all others", async () => {
    await run("production", "node_modules/next/dist/bin/next", "build");
    const { port, server } = await start("production");
    expect(await (await fetch(`http://localhost:${port}/`)).text()).toContain("Server:");
    for (const path of ["/", "/elsewhere", "/_next/hmr"]) {
      expect(await EchoPeer.refusedStatus(`ws://localhost:${port}${path}`), path).toBe(404);
    }
    const peer = await EchoPeer.connect(`ws://localhost:${port}/ws`);
    expect(await peer.echo("ahoy")).toBe("ahoy");
    server.signal("SIGTERM");
    expect((await peer.closed).code).toBe(1001);
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });
});
