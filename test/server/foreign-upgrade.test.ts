import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { offersWebSocket } from "../../src/server/foreign-upgrade.js";
import type { Server, ServeOptions } from "../../src/server/index.js";
import { parseHttpResponse } from "../support/http-response.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";
import { until } from "../support/turns.js";
import { upgradeRequest } from "../support/upgrade-request.js";

/** What `curl --http2` and Java's HttpClient add to their first request over http. */
const h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";

/** Says what arrived: method, path and body. */
const tell: ServeOptions["onRequest"] = (request, response) => {
  let body = "";
  request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
  request.on("end", () => response.end(`${request.method} ${request.url} ${body}`));
};

async function start(options: Partial<ServeOptions> = {}): Promise<Server> {
  return await listening({
    routes: { "/ws": { message: (socket, message) => socket.write(message) } },
    onRequest: tell,
    ...options,
  });
}

async function bodyOf(raw: RawSocket): Promise<string | undefined> {
  return (await raw.take(parseHttpResponse))?.body;
}

describe("RFC 9110 §7.8: a request that offers to upgrade to something else", () => {
  test("is answered as if it did not: by files, by the 426 of a route, and HEAD without a body", async () => {
    const { port } = await start({ static: import.meta.dirname, onRequest: undefined });
    for (const [method, path, status] of [
      ["GET", "/foreign-upgrade.test.ts", 200],
      ["HEAD", "/foreign-upgrade.test.ts", 200],
      ["GET", "/ws", 426],
      ["GET", "/nowhere", 404],
    ] as const) {
      const raw = await RawSocket.connect(port);
      raw.write(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${h2c.replace("Upgrade,", "close, Upgrade,")}\r\n`);
      const answer = await raw.rest();
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      if (method === "HEAD") expect(answer).toMatch(/\r\n\r\n$/);
    }
  });

  test.each([
    ["Content-Length", "Content-Length: 11\r\n", ["hello", " world"]],
    ["Transfer-Encoding", "Transfer-Encoding: chunked\r\n", ["5\r\nhello\r\n6\r\n", " world\r\n0\r\n\r\n"]],
  ])("may have a body, by %s, at once or one byte at a time", async (_, framing, chunks) => {
    const { port } = await start();
    const head = `POST /a HTTP/1.1\r\nHost: a\r\n${h2c}${framing}\r\n`;
    const atOnce = await RawSocket.connect(port);
    atOnce.write(head, ...chunks);
    expect(await bodyOf(atOnce)).toBe("POST /a hello world");
    const dripped = await RawSocket.connect(port);
    dripped.write(head);
    for (const chunk of chunks) await dripped.drip(chunk);
    expect(await bodyOf(dripped)).toBe("POST /a hello world");
  });

  test("smuggles nothing in a body that looks like a request", async () => {
    const paths: (string | undefined)[] = [];
    const { port, http } = await start();
    http.prependListener("request", ({ url }) => paths.push(url));
    const hidden = "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n";
    const raw = await RawSocket.connect(port);
    raw.write(`POST /a HTTP/1.1\r\nHost: a\r\n${h2c}Content-Length: ${hidden.length}\r\n\r\n`, hidden);
    expect(await bodyOf(raw)).toBe(`POST /a ${hidden}`);
    expect(paths).toEqual(["/a"]);
  });

  test.each([
    ["with two lengths", "Content-Length: 1\r\nContent-Length: 2\r\n"],
    ["with a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
  ])("%s is refused as without the offer", async (_, framing) => {
    const { port } = await start();
    const raw = await RawSocket.connect(port);
    raw.write(`POST /a HTTP/1.1\r\nHost: a\r\n${h2c}${framing}\r\n0\r\n\r\n`);
    expect(await raw.rest()).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("is answered over TLS as well", async () => {
    const { cert, key } = await createSelfSigned(undefined);
    const { port } = await start({ tls: { cert, key } });
    const raw = await RawSocket.connect(port, { tls: true });
    raw.write(`POST /a HTTP/1.1\r\nHost: a\r\n${h2c}Content-Length: 2\r\n\r\nhi`);
    expect(await bodyOf(raw)).toBe("POST /a hi");
  });

  test("is a WebSocket's when it offers that too", async () => {
    const { port } = await start();
    await RawPeer.join(port, { path: "/ws", headers: { Upgrade: "h2c, WebSocket" } });
  });

  test("and whose client has left meanwhile disturbs nobody", async () => {
    const { port } = await start({ onRequest: () => {} });
    const raw = await RawSocket.connect(port);
    raw.write("GET /never HTTP/1.1\r\nHost: a\r\n\r\n", `GET /a HTTP/1.1\r\nHost: a\r\n${h2c}\r\n`);
    raw.reset();
    const { response } = await RawPeer.ask(port, { path: "/ws" });
    expect(response?.status).toBe(101);
  });
});

/** Node 24.9 and newer ask which offers are upgrades. */
const doesNodeAsk = "shouldUpgradeCallback" in createServer();

if (doesNodeAsk) describe("a Node that declines an offer itself", declinedByNode);
else describe("a Node that calls every offer an upgrade", calledAnUpgrade);

function declinedByNode(): void {
  test("loses what stands behind the request, so the answer is the last on its connection", async () => {
    const { port } = await start();
    const raw = await RawSocket.connect(port);
    raw.write(`GET /a HTTP/1.1\r\nHost: a\r\n${h2c}\r\n`, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    const response = await raw.take(parseHttpResponse);
    expect(response).toMatchObject({ status: 200, headers: { connection: "close" }, body: "GET /a " });
    expect(await raw.rest()).toBe("");
  });
}

function calledAnUpgrade(): void {
  test("goes on with the connection behind the answer", async () => {
    const { port } = await start();
    const raw = await RawSocket.connect(port);
    for (const path of ["/a", "/b"]) {
      raw.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${h2c}\r\n`);
      expect(await bodyOf(raw)).toBe(`GET ${path} `);
    }
    raw.write(upgradeRequest({ path: "/ws" }));
    expect((await raw.take(parseHttpResponse))?.status).toBe(101);
  });

  test("takes what follows a body for the next request", async () => {
    const { port } = await start();
    const raw = await RawSocket.connect(port);
    const next = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    raw.write(`POST /a HTTP/1.1\r\nHost: a\r\n${h2c}Content-Length: 5\r\n\r\nhello${next}`);
    expect(await bodyOf(raw)).toBe("POST /a hello");
    expect(await bodyOf(raw)).toBe("GET /b ");
  });

  test("RFC 9112 §9.3.2: answers requests that are piped in their turn", async () => {
    const waiting: (() => void)[] = [];
    const { port } = await start({
      onRequest: (request, response) => void waiting.push(() => response.end(request.url)),
    });
    const raw = await RawSocket.connect(port);
    raw.write(...["/1", "/2", "/3"].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n${h2c}\r\n`));
    for (const path of ["/1", "/2", "/3"]) {
      await until(() => waiting.length > 0);
      waiting.pop()?.();
      expect(await bodyOf(raw)).toBe(path);
    }
  });

  test("may leave out the length of the body where there are many headers: the connection ends", async () => {
    const paths: (string | undefined)[] = [];
    const { port, http } = await start();
    http.prependListener("request", ({ url }) => paths.push(url));
    const hidden = "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n";
    const raw = await RawSocket.connect(port);
    const head = `POST /a HTTP/1.1\r\nHost: a\r\n${h2c}${"a:\r\n".repeat(1500)}Content-Length: ${hidden.length}\r\n\r\n`;
    raw.write(head, hidden);
    expect(await raw.rest()).toBe("");
    expect(paths).toEqual([]);
  });
}

describe("offersWebSocket()", () => {
  test.each([
    ["websocket", true],
    ["h2c, WebSocket", true],
    ["h2c", false],
    ["websocket/13", false],
    ["not websocket", false],
    ["", false],
    [undefined, false],
  ])("of %j is %j", (upgrade, expected) => {
    expect(offersWebSocket({ headers: { upgrade } } as never)).toBe(expected);
  });
});
