import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "halyard/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { start as startGame } from "../../examples/liveness/game.js";
import { start as startLogIn } from "../../examples/liveness/log-in.js";
import { resolveConnectionOptions } from "../../src/connection/index.js";
import { overdue } from "../../src/connection/overdue.js";
import { EchoPeer } from "../support/echo-peer.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/liveness.md");

/** Runs an example until the test is over; gives the URL of one of its paths. */
async function run(starting: Promise<Server>, path: string): Promise<string> {
  const server = await starting;
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  return `ws://127.0.0.1:${server.port}${path}`;
}

/** The cells of the rows that begin with a code span, without their marks. */
function rowsUnder(heading: string): string[][] {
  const section = doc.text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll("`", "")));
}

test("docs/liveness.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/liveness").map((name) => `examples/liveness/${name}`);
  expect(doc.blocks.map(({ info }) => info).toSorted()).toEqual(files);
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/liveness.md links to files that exist", () => {
  for (const link of doc.links()) expect(existsSync(join("docs", link.replace(/#.*/, ""))), link).toBe(true);
});

test("docs/liveness.md documents everything that may be overdue, how it ends and which option sets it", () => {
  const documented = rowsUnder("What ends a connection").map(([code, option, ending, closeCode]) => ({
    code,
    option,
    ending,
    closeCode: Number(closeCode),
  }));
  const rows = Object.entries(overdue).map(([code, { option, ending, closeCode }]) => ({
    code,
    option,
    ending,
    closeCode,
  }));
  expect(documented).toEqual(expect.arrayContaining(rows));
  const others = documented.map(({ code }) => code).filter((code) => !(String(code) in overdue));
  expect(others).toEqual(["rate-exceeded", "send-buffer-full", "budget-exceeded", "close-timeout"]);
});

test("docs/liveness.md gives the defaults as they are", () => {
  const { liveness, closeTimeoutMs } = resolveConnectionOptions({});
  const all = { ...liveness, closeTimeoutMs };
  const defaults = rowsUnder("The times")
    .map(([option, value]) => [option, value === "off" ? Infinity : Number(value?.replaceAll(",", ""))])
    .filter(([option]) => option !== "handshakeTimeoutMs");
  expect(Object.fromEntries(defaults)).toEqual(all);
});

test("the game of docs/liveness.md tells its players how far away they are", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  const peer = await EchoPeer.connect(await run(startGame(0), "/game"));
  expect(await peer.echo("move")).toBe("unknown ms away");
  peer.socket.close(4000, "bye");
  await vi.waitUntil(() => told.mock.calls.length > 0);
  expect(told.mock.calls).toEqual([[expect.stringMatching(/^127\.0\.0\.1:\d+ left: 4000 bye$/)]]);
});

test("the club of docs/liveness.md lets in who is in time, and nobody else", async () => {
  const url = await run(startLogIn(0, 200), "/club");
  const member = await EchoPeer.connect(url);
  expect(await member.echo("swordfish")).toBe("welcome");
  expect(await member.echo("hello")).toBe("hello");
  const guesser = await EchoPeer.connect(url);
  guesser.send("sesame");
  expect(await guesser.closed).toEqual({ code: 1008, reason: "wrong password" });
  const sleeper = await EchoPeer.connect(url);
  expect(await sleeper.closed).toEqual({ code: 1008, reason: "too late" });
});
