import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect, type ConnectOptions } from "../../src/client/index.js";
import type { ReceivedRequest } from "../support/handshake-answer.js";
import { RawServer } from "../support/raw-server.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned(undefined);
const tls = { ca: certificate.cert };

function redirect(location: string, status = 302): string {
  return `HTTP/1.1 ${status} Elsewhere\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
}

/** Has `from` redirect once and `to` accept; gives the requests that both got. */
async function follow(
  from: RawServer,
  to: RawServer,
  location: string,
  options: ConnectOptions = {},
  path = "/",
): Promise<{ first: ReceivedRequest; second: ReceivedRequest; url: string }> {
  const connecting = connect(path.includes("://") ? path : from.url + path, { followRedirects: 1, ...options });
  const first = await from.visitor();
  first.raw.write(redirect(location));
  const second = await to.visitor();
  second.accept();
  const { url } = await connecting;
  await first.raw.ended; // the socket of a redirect is not left open
  return { first: first.request, second: second.request, url };
}

describe("connect() with followRedirects", () => {
  test.each([301, 302, 303, 307, 308])("follows a %i, with a new key", async (status) => {
    const server = await RawServer.start();
    const connecting = connect(`${server.url}/old`, { followRedirects: 1, subprotocols: ["chat"] });
    const first = await server.visitor();
    first.raw.write(redirect("/new?a=1", status));
    const second = await server.visitor();
    second.accept({ headers: { "Sec-WebSocket-Protocol": "chat" } });
    expect(await connecting).toMatchObject({ url: `${server.url}/new?a=1`, subprotocol: "chat" });
    expect(second.request).toMatchObject({ method: "GET", target: "/new?a=1" });
    const key = "sec-websocket-key";
    expect(second.request.headers[key]).not.toBe(first.request.headers[key]);
  });

  test.each([
    ["/b", "/b"],
    ["b", "/a/b"],
    ["?b", "/a/?b"],
    ["../b", "/b"],
    ["b#fragment", "/a/b"],
  ])("takes Location %s relative to what was asked", async (location, target) => {
    const server = await RawServer.start();
    const { second } = await follow(server, server, location, {}, "/a/");
    expect(second.target).toBe(target);
  });

  test("takes a location in the http form", async () => {
    const [from, to] = [await RawServer.start(), await RawServer.start()];
    const { url } = await follow(from, to, `http://127.0.0.1:${to.port}/x`);
    expect(url).toBe(`${to.url}/x`);
  });

  test("follows as often as it says and not once more", async () => {
    const server = await RawServer.start();
    let asked = 0;
    void server.answerAll(() => redirect(`/${++asked}`));
    const error = await connectInVain(server.url, { followRedirects: 3 });
    expect(error.code).toBe("redirect-refused");
    expect(error.message).toContain("once more than followRedirects (3) allows");
    expect(error.response).toMatchObject({ status: 302, headers: { location: "/4" } });
    expect(asked).toBe(4);
    await server.abandoned();
  });

  test("does not wait for the body of a redirect", async () => {
    const server = await RawServer.start();
    const connecting = connect(server.url, { followRedirects: 1 });
    (await server.visitor()).raw.write("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 1000\r\n\r\n");
    (await server.visitor()).accept();
    await connecting;
  });

  test("follows from ws to wss", async () => {
    const [from, to] = [await RawServer.start(), await RawServer.start({ tls: certificate })];
    const { url } = await follow(from, to, `https://127.0.0.1:${to.port}/`, { tls });
    expect(url).toBe(`${to.url}/`);
  });
});

describe("connect() keeps to itself, when it is redirected,", () => {
  const secrets = { Authorization: "Bearer s", cookie: "s", "Proxy-Authorization": "s", "X-Api-Key": "s", Host: "a" };
  const harmless = { "User-Agent": "test", "Accept-Language": "en" };
  const headers = { ...secrets, ...harmless };
  const names = Object.keys(secrets)
    .map((name) => name.toLowerCase())
    .filter((name) => name !== "host");

  test("nothing from the server that it came from", async () => {
    const server = await RawServer.start();
    const { second } = await follow(server, server, "/new", { headers });
    for (const name of names) expect(second.headers).toHaveProperty(name);
    expect(second.headers["host"]).toBe("a");
  });

  test.each([
    ["another port", "127.0.0.1"],
    ["another host", "localhost"],
  ])("all headers that may be secret from %s", async (_, host) => {
    const [from, to] = [await RawServer.start(), await RawServer.start()];
    const { port } = to;
    const { first, second } = await follow(from, to, `ws://${host}:${port}/`, { headers });
    for (const name of names) {
      expect(first.headers).toHaveProperty(name);
      expect(second.headers).not.toHaveProperty(name);
    }
    expect(second.headers).toMatchObject({ "user-agent": "test", "accept-language": "en", host: `${host}:${port}` });
  });

  test("the credentials of the URL from another server", async () => {
    const [from, to] = [await RawServer.start(), await RawServer.start()];
    const url = `ws://ada:secret@127.0.0.1:${from.port}/`;
    const { first, second } = await follow(from, to, `${to.url}/`, {}, url);
    expect(first.headers).toHaveProperty("authorization");
    expect(second.headers).not.toHaveProperty("authorization");
  });

  test("those credentials not from the same server", async () => {
    const server = await RawServer.start();
    const { first, second } = await follow(server, server, "/b", {}, `ws://ada:secret@127.0.0.1:${server.port}/`);
    expect(second.headers["authorization"]).toBe(first.headers["authorization"]);
  });

  test("what it has kept once, for good: also from the first server, when it is sent back there", async () => {
    const [from, over] = [await RawServer.start(), await RawServer.start()];
    const connecting = connect(from.url, { followRedirects: 2, headers });
    (await from.visitor()).raw.write(redirect(`${over.url}/`));
    (await over.visitor()).raw.write(redirect(`${from.url}/attack`));
    const last = await from.visitor();
    for (const name of names) expect(last.request.headers).not.toHaveProperty(name);
    last.accept();
    await connecting;
  });

  test("the credentials that the redirecting server wants it to use", async () => {
    const [from, to] = [await RawServer.start(), await RawServer.start()];
    const { second, url } = await follow(from, to, `ws://mallory:x@127.0.0.1:${to.port}/`);
    expect(second.headers).not.toHaveProperty("authorization");
    expect(url).toBe(`${to.url}/`);
  });

  test("its client certificate from another server", async () => {
    const asking = { ...certificate, requestCert: true, rejectUnauthorized: false };
    const [from, to] = [await RawServer.start({ tls: asking }), await RawServer.start({ tls: asking })];
    const options = { tls: { ...tls, ...certificate }, followRedirects: 2 };
    const connecting = connect(from.url, options);
    const shown: boolean[] = [];
    for (const [server, location] of [
      [from, "/again"],
      [from, `${to.url}/`],
      [to, undefined],
    ] as const) {
      const visitor = await server.visitor();
      shown.push(visitor.raw.hasPeerCertificate);
      if (location === undefined) visitor.accept();
      else visitor.raw.write(redirect(location));
    }
    await connecting;
    expect(shown).toEqual([true, true, false]);
  });
});

describe("connect() refuses to be redirected", () => {
  async function refusedFor(location: string, secure = false): Promise<string> {
    const server = await RawServer.start(secure ? { tls: certificate } : {});
    void server.answerAll(() => redirect(location));
    const error = await connectInVain(`${server.url}/?s3cr3t`, { followRedirects: 5, ...(secure ? { tls } : {}) });
    expect(error.code).toBe("redirect-refused");
    expect(error.response?.headers.location).toBe(location);
    expect(error.message).not.toContain("s3cr3t");
    await server.abandoned();
    return error.message;
  }

  test.each(["ws://127.0.0.1:1/?s3cr3t", "http://u:s3cr3t@127.0.0.1:1/"])("from wss to %s", async (location) => {
    expect(await refusedFor(location, true)).toContain(
      "it redirects from wss to ws://127.0.0.1:1/, which is not encrypted",
    );
  });

  test.each(["ws+unix:/run/docker.sock:/", "ws+unix:///run/docker.sock"])("to the Unix socket %s", async (location) => {
    expect(await refusedFor(location)).toContain("it redirects to a Unix socket, which no server may choose");
  });

  test.each(["ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)", "data:,a"])(
    "to %s",
    async (location) => {
      expect(await refusedFor(location)).toContain("it redirects to a URL that is none of a WebSocket");
    },
  );

  test.each(["ws://", "http://exa mple/"])("to %j", async (location) => {
    expect(await refusedFor(location)).toContain("it redirects to something that is not a URL");
  });

  test("by default: the answer is an http-status", async () => {
    const server = await RawServer.start();
    void server.answerAll(() => redirect("/b"));
    const error = await connectInVain(server.url);
    expect(error).toMatchObject({ code: "http-status" });
    expect(error.response).toMatchObject({ status: 302, headers: { location: "/b" } });
    expect(server.sockets).toHaveLength(1);
  });

  test.each([
    ["without a Location", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"],
    ["with a status that redirects nothing", redirect("/b", 300)],
    ["with a status that is no redirect", redirect("/b", 201)],
  ])("by an answer %s, which is an http-status", async (_, answer) => {
    const server = await RawServer.start();
    void server.answerAll(() => answer);
    expect(await connectInVain(server.url, { followRedirects: 5 })).toMatchObject({ code: "http-status" });
  });

  test("from a Unix socket", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "halyard-")), "a.sock");
    const server = await RawServer.start({ path });
    void server.answerAll(() => redirect("/b"));
    const error = await connectInVain(`ws+unix:${path}:/a`, { followRedirects: 5 });
    expect(error.code).toBe("redirect-refused");
    expect(error.message).toContain("it redirects from a Unix socket");
  });
});
