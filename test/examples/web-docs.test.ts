import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { chat } from "../../examples/web/chat.js";
import { logIn } from "../../examples/web/options.js";
import { sum } from "../../examples/web/stream.js";
import { listening } from "../support/listening.js";
import { chromiumDifferences, chromiumStreamDifferences, nodeDifferences } from "../web/support/known-differences.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/web.md");

test("docs/web.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/web").map((name) => `examples/web/${name}`);
  const shown = doc.blocks.filter(({ language }) => language === "ts");
  expect(shown.map(({ info }) => info).toSorted()).toEqual(files);
  for (const { info, code } of shown) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/web.md links to files and headings that exist", () => {
  for (const link of doc.links().filter((each) => !each.startsWith("https:"))) {
    const [file = "", heading] = link.split("#");
    expect(existsSync(join("docs", file)), link).toBe(true);
    if (heading !== undefined) expect(new TutorialDoc(join("docs", file)).anchors(), link).toContain(`#${heading}`);
  }
});

test("docs/web.md lists every known difference, and no other", () => {
  const rows = doc.text.split("\n").filter((line) => /^\| [a-z]+: /i.test(line));
  const cells = rows.map((row) => row.split(" | ").map((cell) => cell.replaceAll(/^\| | \|$/g, "").trim()));
  const listed = cells.map(([name, ...rest]) => [name, rest.at(-1)]);
  const wanted = [
    ...Object.entries(nodeDifferences).map(([name, { instead }]) => [name, instead]),
    ...Object.entries({ ...chromiumDifferences, ...chromiumStreamDifferences }),
  ];
  expect(listed).toEqual(wanted);
});

test("the chat of docs/web.md says hello, prints what is said, and leaves at bye", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  const heard: unknown[] = [];
  const server = await listening({
    subprotocols: ["chat.v2"],
    routes: {
      "/": async (socket) => {
        heard.push(await socket.receive(), socket.subprotocol);
        for (const word of ["ahoy", "bye"]) await socket.send(word);
        await socket.closed;
      },
    },
  });
  expect(await chat(`ws://127.0.0.1:${server.port}/`)).toBe(1000);
  expect([heard, told.mock.calls]).toEqual([
    ["hello", "chat.v2"],
    [["ahoy"], ["bye"]],
  ]);
});

test("the log-in of docs/web.md sends its token, and says why it was refused", async () => {
  const server = await listening({
    subprotocols: ["chat.v2"],
    compression: true,
    authorize: ({ headers }) => {
      if (headers.authorization !== "Bearer secret") throw new Error("no");
    },
    onError: () => {},
    routes: { "/": async (socket) => void (await socket.closed) },
  });
  const url = `ws://127.0.0.1:${server.port}/`;
  expect(await logIn(url, "secret")).toMatch(/^speaking chat\.v2, permessage-deflate/);
  expect(await logIn(url, "wrong")).toMatch(/^could not connect to ws:.*500/);
});

test("the sum of docs/web.md stops the server while it pauses, and tells how it ended", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  const server = await listening({
    routes: {
      "/": async (socket) => {
        await socket.receive();
        for (const number of [1, 2, 39]) await socket.send(String(number));
        await socket.close(4000, "that is all");
      },
    },
  });
  let pauses = 0;
  const total = await sum(`ws://127.0.0.1:${server.port}/`, async () => void (pauses += 1));
  expect([total, pauses, told.mock.calls]).toEqual([42, 3, [["ended with 4000 that is all"]]]);
});
