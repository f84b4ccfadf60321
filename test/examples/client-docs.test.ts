import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { connectAdvice } from "halyard/client";
import { expect, onTestFinished, test, vi } from "vitest";
import { chat } from "../../examples/client/chat.js";
import { connectTwice } from "../../examples/client/cookies.js";
import { connectOrExplain } from "../../examples/client/errors.js";
import { connectThrough } from "../../examples/client/proxy.js";
import { refuse } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawServer } from "../support/raw-server.js";
import { TutorialDoc } from "./tutorial-doc.js";

const doc = new TutorialDoc("docs/client.md");

test("docs/client.md shows the examples whole and as they are", () => {
  const files = readdirSync("examples/client").map((name) => `examples/client/${name}`);
  const shown = doc.blocks.filter(({ language }) => language === "ts");
  expect(shown.map(({ info }) => info).toSorted()).toEqual(files);
  for (const { info, code } of shown) expect(code).toBe(readFileSync(info, "utf8"));
});

test("docs/client.md links to files and headings that exist", () => {
  for (const link of doc.links()) {
    const [file = "", heading] = link.split("#");
    expect(existsSync(join("docs", file)), link).toBe(true);
    if (heading === undefined) continue;
    expect(new TutorialDoc(join("docs", file)).anchors(), link).toContain(`#${heading}`);
  }
});

test("docs/client.md lists every code of a ConnectError with its advice, and no other, in order", () => {
  const rows = doc.text.split("\n").filter((line) => line.startsWith("| `"));
  const cells = rows.map((row) => row.split("|").map((cell) => cell.trim()));
  expect(cells.map(([, code, , advice]) => [code, advice])).toEqual(
    Object.entries(connectAdvice).map(([code, advice]) => [`\`${code}\``, advice]),
  );
  expect(cells.every(([, , when = ""]) => when.endsWith("."))).toBe(true);
});

test("the chat of docs/client.md says hello, prints what is said, and leaves at bye", async () => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  const heard: unknown[] = [];
  const server = await listening({
    subprotocols: ["chat.v2"],
    routes: {
      "/": async (socket) => {
        heard.push(await socket.receive(), socket.subprotocol, socket.headers["x-room"]);
        for (const word of ["ahoy", "bye"]) await socket.send(word);
        heard.push((await socket.closed).code);
      },
    },
  });
  const remote = `127.0.0.1:${server.port}`;
  await chat(`ws://${remote}/`);
  expect(told.mock.calls).toEqual([
    [`${remote} says:`, "ahoy"],
    [`${remote} says:`, "bye"],
  ]);
  await vi.waitFor(() => expect(heard).toEqual(["hello", "chat.v2", "harbour", 1000]));
});

test("docs/client.md explains why there is no connection", async () => {
  const { signal } = new AbortController();
  const server = await listening({
    authorize: ({ url }) => (url === "/" ? undefined : refuse(403, { body: "members only\n" })),
    routes: { "/": () => {}, "/club": () => {} },
  });
  const base = `ws://127.0.0.1:${server.port}`;
  const connection = await connectOrExplain(`${base}/`, signal);
  expect(connection).toMatchObject({ state: "open" });
  expect(await connectOrExplain(`${base}/club`, signal)).toBe("refused with 403: members only");
  expect(await connectOrExplain(`${base}/`, AbortSignal.abort())).toBe("you have changed your mind");
  expect(await connectOrExplain("ws://no-such-host.invalid/", signal)).toContain("its name has no address");
  await expect(connectOrExplain("ftp://example.com/", signal)).rejects.toThrow(TypeError);
  await server.close({ deadlineMs: 0 });
  expect(await connectOrExplain(`${base}/`, signal)).toContain("nobody listens there");
});

test("the jar of docs/client.md shows at the second visit what the first was given", async () => {
  const seen: unknown[] = [];
  const server = await listening({
    responseHeaders: { "Set-Cookie": "session=1" },
    routes: {
      "/": (socket) => {
        seen.push(socket.headers.cookie);
        socket.handle({ message: (_, message) => seen.push(message) });
      },
    },
  });
  await connectTwice(`ws://127.0.0.1:${server.port}/`);
  await vi.waitFor(() => expect(seen).toEqual([undefined, "visit 1", "session=1", "visit 2"]));
});

test("the tunnel of docs/client.md goes through a proxy, which may refuse", async () => {
  const server = await RawServer.start();
  const asked: (string | undefined)[] = [];
  const proxy = createServer();
  proxy.on("connect", (request, client) => {
    asked.push(request.url);
    if (request.url !== "example.com:80") {
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const tunnel = connectTcp(server.port, "127.0.0.1");
    client.write("HTTP/1.1 200 OK\r\n\r\n");
    client.pipe(tunnel).pipe(client);
    for (const end of [client, tunnel]) end.on("error", () => {});
    onTestFinished(() => void tunnel.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  const url = new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);

  const connecting = connectThrough(url, "ws://example.com/chat");
  const visitor = await server.visitor();
  expect(visitor.request).toMatchObject({ target: "/chat", headers: { host: "example.com" } });
  const peer = visitor.accept();
  const connection = await connecting;
  await connection.send("hello");
  expect(await peer.hear()).toEqual({ text: "hello" });
  await expect(connectThrough(url, "wss://example.com/")).rejects.toThrow("the proxy answered 403");
  expect(asked).toEqual(["example.com:80", "example.com:443"]);
  connection.terminate();
});
