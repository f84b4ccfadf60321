import { mkdtemp, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type HalyardProcess, halyardScript, startServe } from "../support/halyard-process.js";
import type { RawPeer } from "../support/raw-peer.js";
import { RawServer } from "../support/raw-server.js";
import { CTRL_C, CTRL_D, runInTerminal, terminalsAvailable } from "../support/terminal.js";

/** Each test starts a process or two, on a machine that may be busy. */
const patience = { timeout: 20_000 };

const UP = "\u001b[A";

/** `halyard connect` in a terminal, and a server made of bytes that has let it in. */
async function meetTyping(
  flags = "",
  environment: Record<string, string> = {},
): Promise<{ terminal: HalyardProcess; peer: RawPeer }> {
  const server = await RawServer.start();
  const command = `"${process.execPath}" "${halyardScript}" connect ${server.url}/ ${flags}`;
  const terminal = runInTerminal(command, tmpdir(), { NO_COLOR: "1", TERM: "xterm", ...environment });
  const peer = (await server.visitor()).accept();
  return { terminal, peer };
}

/** Has the server answer the close that the client is to send, and the client end. */
async function endWell(terminal: HalyardProcess, peer: RawPeer, expected: object = { close: 1000, reason: "" }) {
  expect(await peer.hear()).toEqual(expected);
  peer.close(1000);
  peer.raw.end();
  expect(await terminal.exited).toEqual({ code: 0, signal: null });
}

/** What a screen has shown, line by line, without what moves the cursor. */
function shownBy(terminal: HalyardProcess): string {
  // oxlint-disable-next-line no-control-regex -- the sequences that a terminal acts on: ECMA-48 §5.4
  return terminal.stdout.replaceAll(/\u001b\[[\d;]*[A-HJKsu]/g, "");
}

describe.runIf(terminalsAvailable())("halyard connect in a terminal", patience, () => {
  test("says where it is, sends lines, and shows messages above what is being typed", async () => {
    const { terminal, peer } = await meetTyping();
    await terminal.find(/Connected to ws:\S+\. Enter sends a line, \/help lists commands, Ctrl-C closes\./);
    await terminal.find(/> /);
    terminal.type("hello\r");
    expect(await peer.hear()).toEqual({ text: "hello" });
    terminal.type("half a li");
    await terminal.find(/half a li/);
    peer.say("ahoy");
    await terminal.find(/half a li[^]*< ahoy\r\n[^]*> half a li/);
    expect(terminal.stdout).toContain("\u001b[1G\u001b[0J< ahoy\r\n"); // what was being typed is taken away first
    terminal.type("ne\r");
    expect(await peer.hear()).toEqual({ text: "half a line" });
    terminal.type(CTRL_D);
    await endWell(terminal, peer);
    expect(shownBy(terminal)).toMatch(/Closed by you with 1000 \(normal\)\r\n$/);
  });

  test("talks with halyard serve, and sends nothing for an empty line", async () => {
    const { echoUrl } = await startServe();
    const command = `"${process.execPath}" "${halyardScript}" connect ${echoUrl}`;
    const terminal = runInTerminal(command, tmpdir(), { NO_COLOR: "1", TERM: "xterm" });
    await terminal.find(/Connected/);
    terminal.type("\r\rhello ⚓\r");
    await terminal.find(/< hello ⚓\r\n/);
    terminal.type("/close 4000 good bye\r");
    expect(await terminal.exited).toEqual({ code: 0, signal: null });
    expect(shownBy(terminal)).toMatch(/Closed by you with 4000: good bye\r\n$/);
    expect(shownBy(terminal)).not.toMatch(/< \r\n/);
  });

  test("shows what a hostile server sends, and does not let the terminal obey it", async () => {
    const { terminal, peer } = await meetTyping();
    peer.say("\u001b]0;owned\u0007\u001b[2J\n> rm -rf /");
    await terminal.find(/rm -rf/);
    expect(terminal.stdout).toContain(String.raw`< \x1b]0;owned\x07\x1b[2J\n> rm -rf /`);
    for (const sequence of ["\u001b]0", "\u001b[2J"]) expect(terminal.stdout).not.toContain(sequence);
    peer.send({ opcode: 0x2, payload: Buffer.from("\u001b[2J, in eighteen.") });
    await terminal.find(
      /< <binary, 18 bytes>\r\n00000000 {2}1b 5b 32 4a .* {2}\.\[2J, in eightee\r\n00000010 {2}6e 2e/,
    );
    peer.close(1000, "\u001b[2J");
    await peer.leave();
    expect(await terminal.exited).toEqual({ code: 0, signal: null });
    expect(shownBy(terminal)).toContain(String.raw`Closed by the server with 1000 (normal): \x1b[2J`);
  });

  test("does what the commands say", async () => {
    const { terminal, peer } = await meetTyping();
    await terminal.find(/Connected/);
    terminal.type("/binary 00 ff\r/binary base64:aGk=\r//etc\r/text /help\r/text\r/ping are you there?\r");
    expect(await peer.hear()).toEqual({ binary: "00ff" });
    expect(await peer.hear()).toEqual({ binary: "6869" });
    expect(await peer.hear()).toEqual({ text: "/etc" });
    expect(await peer.hear()).toEqual({ text: "/help" });
    expect(await peer.hear()).toEqual({ text: "" });
    expect(await peer.hear()).toEqual({ ping: "are you there?" });
    peer.send({ opcode: 0xa, payload: "are you there?" });
    await terminal.find(/pong after \d+\.\d ms/);
    terminal.type("/help\r");
    await terminal.find(/\/binary base64:DATA/);
    terminal.type("/hepl\r/close 1\r/close 1006\r/binary x\r");
    await terminal.find(/there is no command \/hepl;[^]*takes a code of four digits[^]*1006[^]*takes pairs of/);
    terminal.type("/close 3999 done\r");
    await endWell(terminal, peer, { close: 3999, reason: "done" });
  });

  test("keeps a history for the arrow keys", async () => {
    const { terminal, peer } = await meetTyping();
    await terminal.find(/Connected/);
    terminal.type("one\r");
    expect(await peer.hear()).toEqual({ text: "one" });
    terminal.type("two\r");
    expect(await peer.hear()).toEqual({ text: "two" });
    terminal.type(`${UP}${UP}!\r`);
    expect(await peer.hear()).toEqual({ text: "one!" });
    terminal.type(CTRL_D);
    await endWell(terminal, peer);
  });

  test("completes commands", async () => {
    const { terminal, peer } = await meetTyping();
    await terminal.find(/Connected/);
    terminal.type("/bi");
    await terminal.find(/\/bi/);
    terminal.type("\t"); // alone, as a key is: a tab that is pasted completes nothing
    await terminal.find(/\/binary /);
    terminal.type("6869\r");
    expect(await peer.hear()).toEqual({ binary: "6869" });
    terminal.type(CTRL_D);
    await endWell(terminal, peer);
  });

  test("--history keeps lines for the next time, for their owner only, but for those that begin with a space", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "halyard-")), "history");
    const first = await meetTyping(`--history ${file}`);
    await first.terminal.find(/Connected/);
    first.terminal.type("kept\r");
    expect(await first.peer.hear()).toEqual({ text: "kept" });
    first.terminal.type(" secret\r");
    expect(await first.peer.hear()).toEqual({ text: " secret" });
    first.terminal.type(CTRL_D);
    await endWell(first.terminal, first.peer);
    expect(await readFile(file, "utf8")).toBe("kept\n");
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const second = await meetTyping(`--history ${file}`);
    await second.terminal.find(/Connected/);
    second.terminal.type(`${UP}!\r`);
    expect(await second.peer.hear()).toEqual({ text: "kept!" });
    second.terminal.type(CTRL_D);
    await endWell(second.terminal, second.peer);
    expect(await readFile(file, "utf8")).toBe("kept\nkept!\n");
  });

  test("Ctrl-C closes with 1000; a second one ends it at once with 130", async () => {
    const { terminal, peer } = await meetTyping("--close-timeout-ms 600000");
    await terminal.find(/> /);
    terminal.type(CTRL_C);
    expect(await peer.hear()).toEqual({ close: 1000, reason: "" });
    const pressing = setInterval(() => terminal.type(CTRL_C), 50);
    const { code } = await terminal.exitedAlone.finally(() => clearInterval(pressing));
    expect(code).toBe(130);
  });

  test("one line says why it has ended, and the exit code is 3", async () => {
    const { terminal, peer } = await meetTyping();
    await terminal.find(/> /);
    peer.close(1011, "oh");
    await peer.leave();
    expect(await terminal.exited).toEqual({ code: 3, signal: null });
    expect(shownBy(terminal)).toMatch(
      /halyard: the server closed the connection with 1011 \(internal error\): oh\r\n$/,
    );
    expect(shownBy(terminal)).not.toContain("Closed by");
  });

  test("--quiet shows messages and what went wrong only", async () => {
    const { terminal, peer } = await meetTyping("--quiet");
    peer.say("ahoy");
    await terminal.find(/< ahoy/);
    terminal.type("/nonsense\r");
    await terminal.find(/there is no command \/nonsense/);
    terminal.type(CTRL_D);
    await endWell(terminal, peer);
    expect(terminal.stdout).not.toMatch(/Connected|Closed/);
  });

  test.each([
    ["is colorful", "", { NO_COLOR: "" }, true],
    ["is not under --no-color", "--no-color", { NO_COLOR: "" }, false],
    ["is not under NO_COLOR", "", { NO_COLOR: "1" }, false],
    ["is not in a dumb terminal", "", { NO_COLOR: "", TERM: "dumb" }, false],
  ])("%s", async (_, flags, environment, isColorful) => {
    const { terminal, peer } = await meetTyping(flags, environment);
    peer.say("ahoy");
    await terminal.find(/< ahoy/);
    expect(terminal.stdout.includes("\u001b[36m< ahoy\u001b[39m")).toBe(isColorful);
    await terminal.find(/> /);
    terminal.type(CTRL_D);
    await endWell(terminal, peer);
  });

  test("--json takes lines and commands without a prompt", async () => {
    const { terminal, peer } = await meetTyping("--json");
    await terminal.find(/"event":"connected"/);
    terminal.type("hello\n/close 1000 bye\n");
    expect(await peer.hear()).toEqual({ text: "hello" });
    await endWell(terminal, peer, { close: 1000, reason: "bye" });
    expect(terminal.stdout).not.toContain("> ");
  });

  test("writes messages raw into a pipe, and keeps the prompt in the terminal", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "halyard-")), "out");
    const { terminal, peer } = await meetTyping(`> ${file}`);
    await terminal.find(/Connected/);
    terminal.type("hello\r");
    expect(await peer.hear()).toEqual({ text: "hello" });
    peer.say("\u001b[31mred");
    terminal.type("/text bye\r");
    expect(await peer.hear()).toEqual({ text: "bye" });
    terminal.type(CTRL_D);
    await endWell(terminal, peer);
    expect(await readFile(file, "utf8")).toBe("\u001b[31mred\n");
    expect(terminal.stdout).not.toContain("red");
  });

  test("what is piped in is answered on the terminal without a prompt, and shown as safely", async () => {
    const { echoUrl } = await startServe();
    const program = `"${process.execPath}" "${halyardScript}" connect ${echoUrl} --wait-ms 1`;
    const command = `sh -c 'printf "hi\\033[2J\\n" | ${program}'`;
    const terminal = runInTerminal(command, tmpdir(), { TERM: "xterm" });
    await terminal.exited;
    expect(terminal.stdout).toBe(String.raw`hi\x1b[2J` + "\r\n");
  });
});
