import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connectAdvice } from "halyard/client";
import { expect, test, vi } from "vitest";
import { connectByAgent } from "../../examples/client/agent.js";
import { chat } from "../../examples/client/chat.js";
import { connectTwice } from "../../examples/client/cookies.js";
import { connectOrExplain } from "../../examples/client/errors.js";
import { connectThrough } from "../../examples/client/proxy.js";
import { connectThroughProxy } from "../../examples/client/through-proxy.js";
import { refuse } from "../../src/server/index.js";
import { startConnectProxy } from "../support/connect-proxy.js";
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

test("the agent of docs/client.md goes through a proxy, which may refuse", async () => {
  const server = await listening({ routes: { "/": { message: (socket, message) => socket.write(message) } } });
  const allowed = `127.0.0.1:${server.port}`;
  const proxy = await startConnectProxy(({ url }, client, open) => {
    if (url === allowed) open();
    else client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  const url = new URL(`http://me:secret@127.0.0.1:${proxy.port}`);
  await using connection = await connectByAgent(url, `ws://${allowed}/`);
  await connection.send("hello");
  expect(await connection.receive()).toBe("hello");
  await expect(connectByAgent(url, "wss://example.com/")).rejects.toMatchObject({ code: "http-status" });
  const asking = `Basic ${btoa("me:secret")} CONNECT`;
  expect(proxy.asked).toEqual([`${asking} ${allowed}`, `${asking} example.com:443`]);
});

test("the tunnel of docs/client.md goes through a proxy, which may refuse", async () => {
  const server = await RawServer.start();
  const proxy = await startConnectProxy(({ url }, client, open) => {
    if (url === allowed) open();
    else client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  const allowed = `127.0.0.1:${server.port}`;
  const url = new URL(`http://127.0.0.1:${proxy.port}`);

  const connecting = connectThrough(url, `ws://${allowed}/chat`);
  const visitor = await server.visitor();
  expect(visitor.request).toMatchObject({ target: "/chat", headers: { host: allowed } });
  const peer = visitor.accept();
  const connection = await connecting;
  await connection.send("hello");
  expect(await peer.hear()).toEqual({ text: "hello" });
  await expect(connectThrough(url, "wss://example.com/")).rejects.toThrow("the proxy answered 403");
  expect(proxy.asked).toEqual([`- CONNECT ${allowed}`, "- CONNECT example.com:443"]);
  connection.terminate();
});

test("docs/client.md connects through a proxy, and says who is to be asked", async () => {
  const server = await listening({ routes: { "/": () => {} } });
  const url = `ws://127.0.0.1:${server.port}/`;
  const open = await startConnectProxy();
  const connection = await connectThroughProxy(url, `http://captain:s3cret@127.0.0.1:${open.port}`);
  expect(connection).toMatchObject({ state: "open" });
  const closed = await startConnectProxy((_, client) => client.end("HTTP/1.1 407 No\r\n\r\n"));
  expect(await connectThroughProxy(url, `http://127.0.0.1:${closed.port}`)).toBe(
    "wrong user name or password for the proxy",
  );
  expect(await connectThroughProxy(url, "http://127.0.0.1:1")).toBe("ask who runs the proxy: proxy-unreachable");
});
