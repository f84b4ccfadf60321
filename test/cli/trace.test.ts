import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatRecord } from "../../src/cli/trace-text.js";
import type { TraceFrame } from "../../src/trace/index.js";
import { EchoPeer } from "../support/echo-peer.js";
import { HalyardProcess, startServe } from "../support/halyard-process.js";
import { newFile } from "../support/new-file.js";

/** Each test starts a process or two, on a machine that may be busy. */
const patience = { timeout: 20_000 };

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const frame: TraceFrame = {
  kind: "frame",
  at: AT + 0.007,
  connection: 1,
  direction: "in",
  opcode: 1,
  fin: true,
  rsv1: false,
  masked: true,
  length: 5,
};
const records = [
  { kind: "trace", version: 1, startedAt: "2026-01-02T03:04:05.000Z", payloadBytes: 4 },
  { kind: "opened", at: AT, connection: 1, remote: "192.0.2.1:80", local: "192.0.2.2:81", extensions: "" },
  { ...frame, payload: Buffer.from('a"\u001b[').toString("base64") },
  { ...frame, connection: 12, direction: "out", opcode: 2, fin: false, rsv1: true, masked: false, length: 70_000 },
  { ...frame, opcode: 8, length: 2, closeCode: 1000 },
  { ...frame, opcode: 11, masked: false },
  { kind: "failed", at: AT, connection: 12, code: "protocol-fault", fault: "reserved-opcode" },
  { kind: "closed", at: AT, connection: 1, code: 1000, by: "peer", clean: true },
  { kind: "closed", at: AT, connection: 12, code: 1006, by: "us", clean: false },
  { kind: "dropped", at: AT, records: 3 },
];
const printed = [
  "# frames since 2026-01-02T03:04:05.000Z, times in UTC, with 4 bytes of each payload",
  "03:04:05.006000      #1  opened by 192.0.2.1:80 at 192.0.2.2:81",
  String.raw`03:04:05.006007      #1  in   text          fin        masked           5  "a\"\u001b["`,
  "03:04:05.006007     #12  out  binary             rsv1               70000",
  "03:04:05.006007      #1  in   close         fin        masked           2  1000",
  "03:04:05.006007      #1  in   0xb           fin                         5",
  "03:04:05.006000     #12  failed: reserved-opcode",
  "03:04:05.006000      #1  closed with 1000 by the peer",
  "03:04:05.006000     #12  closed with 1006 by this side, not clean",
  "03:04:05.006000          3 records are missing: the disk did not keep up",
];

/** A trace with `records`, and what comes behind them. */
function written(rest = ""): string {
  const file = newFile();
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join("") + rest);
  return file;
}

async function traceOf(...args: string[]): Promise<{ code: number | null; lines: string[]; stderr: string }> {
  const process = HalyardProcess.start("trace", ...args);
  const { code } = await process.exited;
  return { code, lines: process.stdout.split("\n").slice(0, -1), stderr: process.stderr };
}

describe("halyard trace", patience, () => {
  test("prints one aligned line a record", async () => {
    expect(await traceOf(written())).toEqual({ code: 0, lines: printed, stderr: "" });
  });

  test.each([
    [
      ["--connection", "12"],
      [0, 3, 6, 8, 9],
    ],
    [
      ["-c", "12", "-c", "1", "--opcode", "close", "--opcode", "binary"],
      [0, 3, 4, 9],
    ],
    [
      ["--opcode", "ping"],
      [0, 9],
    ],
  ])("with %j prints what that lets through, and what is said of the trace", async (flags, which) => {
    const { code, lines } = await traceOf(written(), ...flags);
    expect([code, lines]).toEqual([0, which.map((index) => printed[index])]);
  });

  test("says on stderr that the last line is cut, and ends with 0", async () => {
    const file = written('{"kind":"fra');
    expect(await traceOf(file)).toEqual({
      code: 0,
      lines: printed,
      stderr: `halyard: ${file}: the last line is cut: who wrote it was ended, or writes still\n`,
    });
  });

  test.each([
    [["none"], 1, /^halyard: cannot read the trace none: ENOENT: .*\n$/],
    [["package.json"], 1, /^halyard: package\.json is no trace: its first line does not say so\n$/],
    [["src"], 1, /^halyard: src is no trace: it is no regular file\n$/],
    [[], 2, /^halyard: print which trace\? halyard serve --trace FILE writes one\n$/],
    [["a", "b"], 2, /^halyard: unexpected argument "b"\n$/],
    [["a", "--opcode", "txt"], 2, /^halyard: --opcode takes continuation, .* pong, not "txt"\n$/],
    [["a", "--connection", "0"], 2, /^halyard: --connection takes a number as the trace has it, from 1, not "0"\n$/],
  ])("refuses %j in one line", async (args, code, message) => {
    const refused = await traceOf(...args);
    expect(refused).toMatchObject({ code, lines: [] });
    expect(refused.stderr).toMatch(message);
  });

  test("prints what comes before a broken line, and says which it is", async () => {
    const file = written("what?\n");
    const { code, lines, stderr } = await traceOf(file);
    expect([code, lines, stderr]).toEqual([1, printed, `halyard: line 11 of ${file} is no record of a trace\n`]);
  });

  test("--follow prints what is written later, until Ctrl-C", async () => {
    const file = written();
    const process = HalyardProcess.start("trace", "--follow", file);
    await process.find(/records are missing/);
    const later = { ...frame, connection: 13 };
    appendFileSync(file, `${JSON.stringify(later)}\n`);
    await process.find(/#13 {2}in/);
    process.signal("SIGINT");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.stdout).toBe(`${[...printed, formatRecord(later)].join("\n")}\n`);
  });

  test("ends with 1 when what it prints cannot be written", async () => {
    const process = HalyardProcess.startOnFullDisk("stdout", "trace", written());
    expect(await process.exited).toEqual({ code: 1, signal: null });
    expect(process.stderr).toMatch(/^halyard: cannot write the output: ENOSPC: .*\n$/);
  });

  test("ends when nobody reads what it prints any more", async () => {
    const file = written(`${JSON.stringify(frame)}\n`.repeat(20_000));
    const process = HalyardProcess.start("trace", "--follow", file);
    await process.find(/#1 {2}in/);
    process.hangUp();
    expect(await process.exitedAlone).toEqual({ code: 0, signal: null });
    expect(process.stderr).toBe("");
  });
});

describe("--trace", patience, () => {
  test("of serve and connect write what each side saw, without payloads", async () => {
    const [served, connected] = [newFile(), newFile()];
    const { echoUrl, process } = await startServe("--trace", served, "--host", "127.0.0.1");
    const client = HalyardProcess.start("connect", "--trace", connected, "--once", "-x", "a secret", echoUrl);
    expect(await client.exited).toEqual({ code: 0, signal: null });
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    const framesOf = async (file: string): Promise<string[]> => {
      const { lines } = await traceOf(file, "--opcode", "text", "--opcode", "close");
      return lines.slice(1).map((line) => line.replaceAll(/^\S+|\s+/g, " ").trim());
    };
    expect(await framesOf(served)).toEqual([
      "#1 in text fin masked 8",
      "#1 out text fin 8",
      "#1 in close fin masked 2 1000",
      "#1 out close fin 2 1000",
    ]);
    expect(await framesOf(connected)).toEqual([
      "#1 out text fin masked 8",
      "#1 in text fin 8",
      "#1 out close fin masked 2 1000",
      "#1 in close fin 2 1000",
    ]);
    for (const file of [served, connected]) expect(readFileSync(file, "latin1")).not.toMatch(/secret|payload":/);
  });

  test("of a command that never gets going leaves the trace that is there as it is", async () => {
    const file = written();
    const before = readFileSync(file, "latin1");
    for (let i = 0; i < 2; i++) {
      const process = HalyardProcess.start("connect", "--trace", file, "ws://127.0.0.1:1/");
      expect(await process.exited).toEqual({ code: 1, signal: null });
    }
    expect(readFileSync(file, "latin1")).toBe(before);
    expect(existsSync(`${file}.1`)).toBe(false);
  });

  test("-payload-bytes keeps the beginning of payloads, which trace prints", async () => {
    const file = newFile();
    const { echoUrl, process } = await startServe("--trace", file, "--trace-payload-bytes", "5");
    const peer = await EchoPeer.connect(echoUrl);
    await peer.echo("hello, world");
    process.signal("SIGTERM");
    await process.exited;
    expect((await traceOf(file)).lines.filter((line) => line.endsWith('12  "hello"'))).toHaveLength(2);
  });

  test.each([
    [["serve", "--port", "0", "--trace", "package.json"], 1, "package.json is there already and is no trace"],
    [["connect", "--trace", "src", "ws://127.0.0.1:1/"], 1, "src is no regular file"],
    [["serve", "--trace-payload-bytes", "5"], 2, "--trace-payload-bytes needs --trace"],
    [["connect", "--trace-payload-bytes", "5", "ws://127.0.0.1:1/"], 2, "--trace-payload-bytes needs --trace"],
    [["serve", "--workers", "2", "--trace", "none"], 2, "--trace writes what one process sees: leave out --workers"],
  ])("%j is refused in one line", async (args, code, message) => {
    const process = HalyardProcess.start(...args);
    process.endInput();
    expect(await process.exited).toEqual({ code, signal: null });
    expect(process.stderr).toMatch(/^halyard: .*\n$/);
    expect(process.stderr).toContain(message);
    expect(existsSync("none")).toBe(false);
  });
});
