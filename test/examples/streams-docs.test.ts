import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "halyard/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { start as startCall } from "../../examples/streams/call.js";
import { start as startDownload } from "../../examples/streams/download.js";
import { start as startOneUpload } from "../../examples/streams/one-upload.js";
import { start as startScores } from "../../examples/streams/scores.js";
import { start as startUpload } from "../../examples/streams/upload.js";
import { start as startWriter } from "../../examples/streams/writer.js";
import { EchoPeer } from "../support/echo-peer.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/streams.md");

/** Runs an example until the test is over; gives the URL of one of its paths. */
async function run(starting: Promise<Server>, path: string): Promise<string> {
  const server = await starting;
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  return `ws://127.0.0.1:${server.port}${path}`;
}

test("docs/streams.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/streams").map((name) => `examples/streams/${name}`);
  expect(doc.blocks.map(({ info }) => info).toSorted()).toEqual(files);
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/streams.md links to files that exist", () => {
  for (const link of doc.links()) expect(existsSync(join("docs", link.replace(/#.*/, ""))), link).toBe(true);
});

test("the upload of docs/streams.md saves each message as it arrives", async () => {
  const folder = await mkdtemp(join(tmpdir(), "halyard-"));
  const peer = await EchoPeer.connect(await run(startUpload(0, folder), "/upload"));
  const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => i % 251));
  peer.socket.send(content.subarray(0, 300_000), { fin: false });
  peer.socket.send(content.subarray(300_000), { fin: true });
  expect(await peer.receive()).toBe("saved as upload-1");
  expect(content.equals(await readFile(join(folder, "upload-1")))).toBe(true);
  peer.socket.send(Buffer.from("second"));
  expect(await peer.receive()).toBe("saved as upload-2");
});

test("the one upload of docs/streams.md has to begin in time, and to be through in time", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "halyard-")), "upload");
  const url = await run(startOneUpload(0, file, 200, 200), "/upload");
  const quick = await EchoPeer.connect(url);
  expect(await quick.echo(Buffer.from("all of it"))).toBe("saved");
  expect(await readFile(file, "utf8")).toBe("all of it");
  const silent = await EchoPeer.connect(url);
  const begins = await EchoPeer.connect(url);
  begins.socket.send("a part", { fin: false });
  for (const slow of [silent, begins]) expect(await slow.closed).toEqual({ code: 1008, reason: "too slow" });
});

test("the film of docs/streams.md comes as one message", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "halyard-")), "film");
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  await writeFile(file, content);
  const peer = await EchoPeer.connect(await run(startDownload(0, file), "/film"));
  expect(content.equals((await peer.receive()) as Buffer)).toBe(true);
  expect(await peer.closed).toEqual({ code: 1000, reason: "" });
});

test("the answer of docs/streams.md is one text", async () => {
  const peer = await EchoPeer.connect(await run(startWriter(0), "/ask"));
  expect(await peer.echo("one two three")).toBe("three two one ");
  expect(await peer.echo("again")).toBe("again ");
});

test("the scores of docs/streams.md reach every fan, late ones too", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  const url = await run(startScores(0), "/scores");
  const fans = [await EchoPeer.connect(url), await EchoPeer.connect(url)] as const;
  for (const fan of fans) expect(await fan.receive()).toBe("0:0");
  const referee = await EchoPeer.connect(url.replace("/scores", "/referee"));
  referee.socket.send("1:0");
  for (const fan of fans) expect(await fan.receive()).toBe("1:0");
  const late = await EchoPeer.connect(url);
  expect(await late.receive()).toBe("1:0");
  expect(told.mock.calls).toEqual([["told 2 fans, 0 of whom are slow"]]);
});

test("the calls of docs/streams.md carry what one says to the other, and end together", async () => {
  const url = await run(startCall(0), "/call");
  const [anna, ben, carl] = [await EchoPeer.connect(url), await EchoPeer.connect(url), await EchoPeer.connect(url)];
  const picture = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  anna.socket.send(picture);
  ben.socket.send(Buffer.from("heard you"));
  expect(picture.equals((await ben.receive()) as Buffer)).toBe(true);
  expect(await anna.receive()).toEqual(Buffer.from("heard you"));
  anna.socket.close(1000);
  expect(await ben.closed).toEqual({ code: 1000, reason: "the other has hung up" });
  carl.socket.close(1000);
  await carl.closed;
  const [dora, emil] = [await EchoPeer.connect(url), await EchoPeer.connect(url)];
  dora.socket.send("are you there?");
  expect(await emil.receive()).toBe("are you there?");
});
