import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess } from "../support/halyard-process.js";
import { compileProgram } from "./program.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/deploy.md");

test("docs/deploy.md shows the example whole and as it is", () => {
  expect(doc.blocks.map(({ info }) => info)).toEqual(["examples/deploy/server.ts"]);
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/deploy.md links to files that exist, all of docs/deploy/ among them", () => {
  const links = doc.links();
  for (const link of links) expect(existsSync(join("docs", link)), link).toBe(true);
  for (const file of readdirSync("docs/deploy")) expect(links).toContain(`deploy/${file}`);
});

test(
  "the server of docs/deploy.md sees clients as a trusted proxy names them, says when it drains, and stops on SIGTERM",
  { timeout: 60_000 },
  async () => {
    const file = compileProgram("examples/deploy/server.ts", "deploy-server");
    const env = { ...process.env, PORT: "0", TRUST_PROXY: "loopback", DRAIN_DELAY_MS: "500" };
    const program = HalyardProcess.of(spawn(process.execPath, [file], { env }));
    const [, url = ""] = await program.find(/listening on (\S+)/);
    const ready = async (): Promise<number> => (await fetch(new URL("/readyz", url))).status;
    expect(await ready()).toBe(200);
    const headers = { "X-Forwarded-For": "192.0.2.1" };
    const peer = await EchoPeer.connect(new URL("/echo", url.replace("http", "ws")).href, { headers });
    expect(await peer.echo("hello")).toBe("hello");
    expect(program.stdout).toContain("192.0.2.1 sent: hello\n");
    program.signal("SIGTERM");
    while ((await ready()) === 200);
    expect(await peer.closed).toEqual({ code: 1001, reason: "new version" });
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/1 closed, 0 terminated\n$/);
    expect(program.stderr).toBe("");
  },
);
