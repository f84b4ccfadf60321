import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectMutePeer, EchoPeer } from "../support/echo-peer.js";
import { halyardScript, untilListening } from "../support/halyard-process.js";
import { CTRL_C, runInTerminal, terminalsAvailable } from "../support/terminal.js";

/** Each test starts a process or two, on a machine that may be busy. */
const patience = { timeout: 20_000 };

/** A package whose `npm start` is that of this repository without the build before it. */
async function createPackage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "halyard-"));
  const start = `exec "${process.execPath}" "${halyardScript}" serve`;
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "sailor", private: true, scripts: { start } }));
  return folder;
}

const available = terminalsAvailable();

describe.runIf(available)("npm start in a terminal", patience, () => {
  test("drains cleanly after one Ctrl-C, though the signal arrives from the terminal and from npm", async () => {
    const terminal = runInTerminal("npm start --silent -- --port 0", await createPackage());
    const { echoUrl } = await untilListening(terminal);
    const peer = await EchoPeer.connect(echoUrl);
    expect(await peer.echo("hello")).toBe("hello");
    terminal.type(CTRL_C);
    expect(await peer.closed).toEqual({ code: 1001, reason: "the server is stopping" });
    expect(await terminal.exitedAlone).toEqual({ code: 0, signal: null });
    expect(terminal.stdout).toMatch(/sent: hello[^]*draining after SIGINT[^]*stopped: 1 closed, 0 terminated\r\n$/);
  });

  test("ends at once after a second Ctrl-C", async () => {
    const terminal = runInTerminal("npm start --silent -- --port 0 --close-timeout-ms 600000", await createPackage());
    const { port } = await untilListening(terminal);
    await connectMutePeer(port);
    terminal.type(CTRL_C);
    await terminal.find(/draining/);
    const pressing = setInterval(() => terminal.type(CTRL_C), 50);
    const { code } = await terminal.exitedAlone.finally(() => clearInterval(pressing));
    expect(code).toBe(130);
    expect(terminal.stdout).not.toContain("stopped");
  });
});

describe.runIf(available)("halyard serve in a terminal", patience, () => {
  test("echoes on while the terminal is held, as by Ctrl-S", async () => {
    const terminal = runInTerminal(`"${process.execPath}" "${halyardScript}" serve --port 0`, tmpdir());
    const { echoUrl } = await untilListening(terminal);
    const peer = await EchoPeer.connect(echoUrl);
    terminal.stall();
    const line = "x".repeat(160);
    const count = 5_000; // 900 kB of output, far above what a terminal holds
    for (let sent = 0; sent < count; sent += 1) peer.send(line);
    for (let received = 0; received < count; received += 1) expect(await peer.receive()).toBe(line);
  });
});
