import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, maxHeaderSize } from "node:http";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { incomingOf } from "../../../src/server/bare/incoming.js";
import { readUpgradeHead } from "../../../src/server/bare/upgrade-head.js";
import { KEY, upgradeRequest } from "../../support/upgrade-request.js";

const PLAIN = upgradeRequest({ path: "/echo?room=1" });

function read(text: string) {
  return readUpgradeHead(Buffer.from(text, "latin1"));
}

/** `PLAIN` with a header line of its own, written as it stands. */
function withLine(line: string): string {
  return PLAIN.replace("\r\n\r\n", `\r\n${line}\r\n\r\n`);
}

/** `PLAIN` with so many headers more, which are all alike. */
function withHeaders(count: number): string {
  return withLine(Array.from({ length: count }, () => "X: y").join("\r\n"));
}

/** `PLAIN`, `length` bytes long. */
function ofLength(length: number): string {
  return withLine(`X: ${"y".repeat(length - withLine("X: ").length)}`);
}

describe("readUpgradeHead accepts", () => {
  test("a plain request for a WebSocket, and tells what it asks", () => {
    expect(read(PLAIN)).toEqual({
      text: PLAIN,
      url: "/echo?room=1",
      rawHeaders: [
        "Host",
        "example.com",
        "Upgrade",
        "websocket",
        "Connection",
        "Upgrade",
        "Sec-WebSocket-Key",
        KEY,
        "Sec-WebSocket-Version",
        "13",
      ],
    });
  });

  test("what comes behind the head, and leaves it", () => {
    expect(read(`${PLAIN}\x81\x80\0\0\0\0\r\n\r\n`)?.text).toBe(PLAIN);
  });

  test.each([
    ["names and values in any case", upgradeRequest({ headers: { Upgrade: "WebSocket", Connection: "UPGRADE" } })],
    ["other connection options", upgradeRequest({ headers: { Connection: "keep-alive, Upgrade" } })],
    ["every visible character of ASCII in the target", upgradeRequest({ path: `/${visible()}` })],
    ["every visible character of ASCII in a value", withLine(`X: ${visible()}`)],
    ["every character of a token in a name", withLine("!#$%&'*+-.^_`|~09azAZ: x")],
    ["a name twice", withLine("Cookie: a=1\r\nCookie: b=2")],
    ["no Host, which is judged later", upgradeRequest({ headers: { Host: undefined } })],
    ["no key, which is judged later", upgradeRequest({ headers: { "Sec-WebSocket-Key": undefined } })],
    ["64 headers", withHeaders(59)],
    ["8 KiB", ofLength(8192)],
  ])("%s", (_what, text) => expect(read(text)?.text).toBe(text));

  test("values without what stands around them, and those that are empty", () => {
    const rawHeaders = read(withLine("A:x\r\nB:   x y  \r\nC:\r\nD:   "))?.rawHeaders;
    expect(rawHeaders?.slice(10)).toEqual(["A", "x", "B", "x y", "C", "", "D", ""]);
  });
});

describe("readUpgradeHead leaves to node:http", () => {
  test.each([
    ["nothing", ""],
    ["an empty line before the request", `\r\n${PLAIN}`],
    ["LF only", PLAIN.replaceAll("\r\n", "\n")],
    ["LF only at one line", PLAIN.replace("\r\nUpgrade", "\nUpgrade")],
    ["LF only at the end", PLAIN.replace(/\r\n\r\n$/, "\n\n")],
    ["CR only", PLAIN.replace("\r\nUpgrade", "\rUpgrade")],
    ["CR CR LF", PLAIN.replace("\r\nUpgrade", "\r\r\nUpgrade")],
    ["a method in lower case", upgradeRequest({ method: "get" })],
    ["another method", upgradeRequest({ method: "POST" })],
    ["another method as long", upgradeRequest({ method: "PUT" })],
    ["HTTP/1.0", upgradeRequest({ version: "1.0" })],
    ["HTTP/1.2", upgradeRequest({ version: "1.2" })],
    ["http/1.1", PLAIN.replace("HTTP", "http")],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["the absolute form", upgradeRequest({ path: "http://example.com/" })],
    ["the asterisk form", upgradeRequest({ path: "*" })],
    ["no target", PLAIN.replace("/echo?room=1 ", "")],
    ["no version", PLAIN.replace(" HTTP/1.1", "")],
    ["two spaces before the target", PLAIN.replace("GET ", "GET  ")],
    ["a tab before the target", PLAIN.replace("GET ", "GET\t")],
    ["two spaces behind the target", PLAIN.replace(" HTTP", "  HTTP")],
    ["a space behind the version", PLAIN.replace("HTTP/1.1", "HTTP/1.1 ")],
    ["a space in the target", upgradeRequest({ path: "/a b" })],
    ["a byte beyond ASCII in the target", upgradeRequest({ path: "/\xe9" })],
    ["DEL in the target", upgradeRequest({ path: "/\x7f" })],
    ["NUL in the target", upgradeRequest({ path: "/\0" })],
    ["a fold", withLine("X: a\r\n b")],
    ["a fold in the first header", PLAIN.replace("\r\nHost", "\r\n X: y\r\nHost")],
    ["a tab in a value", withLine("X: a\tb")],
    ["a tab before a value", withLine("X:\ta")],
    ["a tab behind a value", withLine("X: a\t")],
    ["a byte beyond ASCII in a value", withLine("X: \xe9")],
    ["NUL in a value", withLine("X: a\0b")],
    ["DEL in a value", withLine("X: \x7f")],
    ["a space before the colon", withLine("X : a")],
    ["a header without a name", withLine(": a")],
    ["a line without a colon", withLine("X")],
    ["a name that is no token", withLine("X(y): a")],
    ["a byte beyond ASCII in a name", withLine("X\xe9: a")],
    ["Content-Length", withLine("Content-Length: 0")],
    ["Content-Length in another case", withLine("CONTENT-length: 5")],
    ["Transfer-Encoding", withLine("Transfer-Encoding: chunked")],
    ["Expect", withLine("Expect: 100-continue")],
    ["no Upgrade", upgradeRequest({ headers: { Upgrade: undefined } })],
    ["two Upgrades", withLine("Upgrade: websocket")],
    ["h2c", upgradeRequest({ headers: { Upgrade: "h2c" } })],
    ["h2c beside WebSocket", upgradeRequest({ headers: { Upgrade: "h2c, websocket" } })],
    ["an Upgrade with a version", upgradeRequest({ headers: { Upgrade: "websocket/13" } })],
    ["no Connection", upgradeRequest({ headers: { Connection: undefined } })],
    ["two Connections", withLine("Connection: Upgrade")],
    ["a second Connection with something else", withLine("Connection: close")],
    ["a Connection without upgrade", upgradeRequest({ headers: { Connection: "keep-alive" } })],
    ["a Connection with what only contains upgrade", upgradeRequest({ headers: { Connection: "upgrades" } })],
    ["65 headers", withHeaders(60)],
    ["more than 8 KiB", ofLength(8193)],
  ])("%s", (_what, text) => expect(read(text)).toBeUndefined());

  test("a head that has not come whole, wherever it is cut", () => {
    for (let length = 0; length < PLAIN.length; length++) expect(read(PLAIN.slice(0, length))).toBeUndefined();
  });

  test("what Node's own limit would not let pass", () => {
    expect(maxHeaderSize).toBeGreaterThanOrEqual(8192); // or the lengths above would be others
  });
});

describe("what readUpgradeHead accepts, node:http reads alike:", () => {
  const pieces = [
    ...'\0\t\n\r !"(),/:;=?@\\~\x7f\x80\xff'.split(""),
    "\r\n",
    "\r\n\r\n",
    "\r\n ",
    "X: y\r\n",
    ...tokens(),
  ];
  const piece = fc.constantFrom(...pieces);
  const visibleText = fc.string({ unit: fc.constantFrom(...visible().split("")), maxLength: 12 });
  const option = fc.constantFrom("upgrade", "Upgrade", "keep-alive", "close", "", "te", "upgrade ", " upgrade", "x y");
  const connection = fc.array(option, { maxLength: 4 }).map((options) => options.join(","));
  const name = fc.constantFrom(
    "Cookie",
    "cookie",
    "X",
    "Host",
    "Origin",
    "Set-Cookie",
    "__proto__",
    "Proxy-Connection",
  );
  const padding = fc.constantFrom("", " ", "  ");
  const line = fc
    .tuple(name, padding, visibleText, padding)
    .map(([each, before, value, after]) => `${each}:${before}${value}${after}`);
  const rest = fc.string({ unit: "binary-ascii", maxLength: 20 });
  const head = fc
    .tuple(visibleText, fc.oneof({ weight: 3, arbitrary: fc.constant("Upgrade") }, connection), fc.array(line))
    .chain(([path, options, more]) => {
      const plain = upgradeRequest({ path: `/${path}`, headers: { Connection: options } });
      const [request = "", ...lines] = plain.trimEnd().split("\r\n");
      const all = fc.shuffledSubarray([...lines, ...more], { minLength: lines.length + more.length });
      return all.map((each) => `${[request, ...each].join("\r\n")}\r\n\r\n`);
    });
  /** What is put at a place of a head, given as a part of its length, and how many characters it takes the place of. */
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2), piece);
  const mutated = fc.tuple(head, fc.array(change, { maxLength: 3 })).map(([text, changes]) =>
    changes.reduce((each, [place, taken, put]) => {
      const at = Math.floor(place * each.length);
      return each.slice(0, at) + put + each.slice(at + taken);
    }, text),
  );

  test.each([
    ["heads of random parts", head, 1_000, 0.6],
    ["the same, changed at random", mutated, 6_000, 0.2],
  ])("%s", async (_what, heads, numRuns, leastShare) => {
    const node = startParser();
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(heads, rest, async (text, behind) => {
        const bytes = Buffer.from(text + behind, "latin1");
        const ours = readUpgradeHead(bytes);
        if (ours === undefined) return;
        accepted++;
        const { request, head: theirHead } = await node(bytes);
        const { method, httpVersion, url, rawHeaders, headers } = request;
        expect({ method, httpVersion, url, rawHeaders }).toEqual({
          method: "GET",
          httpVersion: "1.1",
          url: ours.url,
          rawHeaders: ours.rawHeaders,
        });
        expect(incomingOf(ours).headers).toEqual(headers);
        expect(theirHead).toEqual(bytes.subarray(ours.text.length));
      }),
      { numRuns },
    );
    expect(accepted).toBeGreaterThan(numRuns * leastShare); // or the rest has said nothing
  });
});

interface Upgraded {
  readonly request: IncomingMessage;
  readonly head: Buffer;
}

/** Gives what `node:http` makes of a connection that begins with `bytes`; rejects where it makes no upgrade of it. */
function startParser(): (bytes: Buffer) => Promise<Upgraded> {
  const http = createServer();
  let settle: (outcome: Upgraded | Promise<never>) => void = () => {};
  http.on("upgrade", (request: IncomingMessage, _socket: Duplex, head: Buffer) => settle({ request, head }));
  http.on("request", ({ method }) => settle(Promise.reject(new Error(`a plain ${method}`))));
  http.on("clientError", (error) => settle(Promise.reject(error)));
  return async (bytes) => {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    const outcome = new Promise<Upgraded>((resolve) => (settle = resolve));
    http.emit("connection", socket);
    socket.push(bytes);
    return await outcome.finally(() => socket.destroy());
  };
}

function visible(): string {
  return String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 0x21 + index));
}

function tokens(): string[] {
  return ["GET", "HTTP/1.1", "Upgrade", "websocket", "Connection", "Content-Length: 3", "Transfer-Encoding: chunked"];
}
