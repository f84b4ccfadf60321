import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { start as startChat } from "../../examples/json/chat.js";
import { start as startChess } from "../../examples/json/chess.js";
import { start as startQuotes } from "../../examples/json/quotes.js";
import { start as startSession } from "../../examples/json/session.js";
import { start as startThermometer } from "../../examples/json/thermometer.js";
import { EchoPeer } from "../support/echo-peer.js";
import { RawPeer } from "../support/raw-peer.js";
import { until } from "../support/turns.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/json.md");

/** A client of an example, which stops when the test is over. */
async function talkTo(starting: ReturnType<typeof startChat>, path: string): Promise<EchoPeer> {
  const server = await starting;
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  return await EchoPeer.connect(`ws://127.0.0.1:${server.port}${path}`);
}

test("docs/json.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/json").map((name) => `examples/json/${name}`);
  expect(doc.blocks.map(({ info }) => info).toSorted()).toEqual(files);
  for (const { info, code } of doc.blocks) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/json.md links to files that exist", () => {
  for (const link of doc.links()) expect(existsSync(join("docs", link.replace(/#.*/, ""))), link).toBe(true);
});

test("the chat of docs/json.md answers what fits and closes for what does not", async () => {
  const peer = await talkTo(startChat(0), "/chat");
  expect(JSON.parse(String(await peer.echo('{"say":"hi"}')))).toEqual({
    from: expect.stringMatching(/:\d+$/) as unknown,
    said: "hi",
  });
  peer.send('{"say":""}');
  expect(await peer.closed).toEqual({ code: 1008, reason: "invalid" });
});

test("the chess of docs/json.md answers moves, and what is none", async () => {
  const peer = await talkTo(startChess(0), "/chess");
  expect(await peer.echo('{"from":"e2","to":"e4"}')).toBe('{"moved":"e2-e4"}');
  expect(await peer.echo('{"from":"e2","to":"z9"}')).toBe('{"error":"invalid","paths":[["to"]]}');
  expect(await peer.echo("e2e4")).toBe('{"error":"not-json","paths":[]}');
});

test("the thermometer of docs/json.md drops what is wrong, and hangs up on what is no JSON", async () => {
  const log: string[] = [];
  const peer = await talkTo(
    startThermometer(0, (line) => log.push(line)),
    "/readings",
  );
  peer.send('{"sensor":"roof","celsius":21}');
  peer.send('{"sensor":"roof","celsius":"warm"}');
  peer.send('{"sensor":"cellar","celsius":12}');
  peer.send("warm");
  expect(await peer.closed).toEqual({ code: 1007, reason: "not-json" });
  await until(() => log.length === 4);
  expect(log.map((line) => line.replace(/^\S+:\d+: /, "ADDRESS: "))).toEqual([
    "roof: 21 °C",
    "ADDRESS: the message does not fit the schema at celsius",
    "cellar: 12 °C",
    "ADDRESS: the message is not JSON: it goes wrong at character 0",
  ]);
});

test("the session of docs/json.md sends its token as it is, and waits no longer for who talks of something else", async () => {
  const server = await startSession(0, 200);
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  const headers = { "Sec-WebSocket-Extensions": "permessage-deflate" };
  const member = await RawPeer.join(server.port, { path: "/session", headers });
  member.say('{"user":"Ada"}');
  const said = await member.hear();
  expect(said).toEqual({ text: expect.stringMatching(/^\{"user":"Ada","token":"[-\da-f]{36}"\}$/) as unknown });
  const babbler = await RawPeer.join(server.port, { path: "/session", headers });
  babbler.say('{"say":"hi"}');
  expect(await babbler.hear()).toEqual({ close: 1008, reason: "too late" });
});

test("the quotes of docs/json.md reach every watcher, late ones too", async () => {
  const server = await startQuotes(0);
  onTestFinished(async () => void (await server.close({ deadlineMs: 0 })));
  const url = `ws://127.0.0.1:${server.port}`;
  const early = await EchoPeer.connect(`${url}/quotes`, { perMessageDeflate: true });
  expect(await early.receive()).toBe('{"symbol":"HLYD","price":100}');
  const exchange = await EchoPeer.connect(`${url}/exchange`);
  exchange.send('{"symbol":"HLYD","price":101.5,"note":"of no interest"}');
  expect(await early.receive()).toBe('{"symbol":"HLYD","price":101.5}');
  const late = await EchoPeer.connect(`${url}/quotes`);
  expect(await late.receive()).toBe('{"symbol":"HLYD","price":101.5}');
});

test("docs/json.md has the close code of every error", () => {
  const rows = Array.from(doc.text.matchAll(/^\| `([\w-]+)` \|.*\| (\d+) \|$/gm), ([, code, close]) => [
    code,
    Number(close),
  ]);
  expect(rows).toEqual([
    ["not-text", 1003],
    ["not-json", 1007],
    ["invalid", 1008],
  ]);
});
