import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "halyard/server";
import { expect, onTestFinished, test } from "vitest";
import { start as startChat } from "../../examples/compression/chat.js";
import { start as startTiles } from "../../examples/compression/tiles.js";
import { resolveCompression } from "../../src/connection/deflate/index.js";
import { EchoPeer } from "../support/echo-peer.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/compression.md");
const text = readFileSync("docs/compression.md", "utf8");
const perMessageDeflate = { threshold: 0 };

/** Runs an example until the test is over; gives the URL of one of its paths. */
async function run(starting: Promise<Server>, path: string): Promise<string> {
  const server = await starting;
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  return `ws://127.0.0.1:${server.port}${path}`;
}

test("docs/compression.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/compression").map((name) => `examples/compression/${name}`);
  expect(doc.blocks.map(({ info }) => info).toSorted()).toEqual(files);
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/compression.md links to files that exist", () => {
  for (const link of doc.links()) expect(existsSync(join("docs", link.split("#")[0] ?? "")), link).toBe(true);
});

test("docs/compression.md has every option with its default", () => {
  const { level, memLevel, most, thresholdBytes, maxSyncBytes, maxMemoryBytes } = resolveCompression(true)!;
  const rows: [string, string][] = [
    ["level", `${level}`],
    ["memLevel", `${memLevel}`],
    ["windowBits", `${most.ours.windowBits}`],
    ["peerWindowBits", `${most.peers.windowBits}`],
    ["contextTakeover", `\`${most.ours.contextTakeover}\``],
    ["peerContextTakeover", `\`${most.peers.contextTakeover}\``],
    ["thresholdBytes", `${thresholdBytes.withTakeover}, ${thresholdBytes.without}`],
    ["maxSyncBytes", `${maxSyncBytes / 1024} KiB`],
    ["maxMemoryBytes", `${maxMemoryBytes / 1024 ** 2} MiB`],
  ];
  const documented = [...text.matchAll(/^\| `(\w+)` \| (.+?) \|/gm)].map(([, name, fallback]) => [name, fallback]);
  expect(documented).toEqual(rows);
});

test("the chat of docs/compression.md tells everybody what anybody says, compressed", async () => {
  const url = await run(startChat(0), "/chat");
  const alice = await EchoPeer.connect(url, { perMessageDeflate });
  const bob = await EchoPeer.connect(url, { perMessageDeflate });
  expect(alice.socket.extensions).toBe("permessage-deflate");
  for (const guest of [alice, bob]) {
    expect(JSON.parse(String(await guest.receive()))).toMatchObject({
      type: "welcome",
      token: expect.any(String) as string,
    });
  }
  alice.send("hello ".repeat(100));
  for (const guest of [alice, bob]) expect(await guest.receive()).toBe("hello ".repeat(100));
});

test("the tiles of docs/compression.md come with their descriptions", async () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
  const about = "what can be seen here: ".repeat(100);
  const peer = await EchoPeer.connect(
    await run(
      startTiles(0, () => ({ png, about })),
      "/tiles",
    ),
    { perMessageDeflate },
  );
  peer.send("0/0/0");
  expect(await peer.receive()).toEqual(Buffer.from(png));
  expect(await peer.receive()).toBe(about);
});
