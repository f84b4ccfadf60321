import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Server } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";

let root = "";
let site = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "halyard-"));
  site = join(root, "site");
  await mkdir(join(site, "assets"), { recursive: true });
  await writeFile(join(root, "secret.txt"), "secret");
  await writeFile(join(site, "index.html"), "<h1>home</h1>");
  await writeFile(join(site, "assets/app.js"), "export {};");
  await writeFile(join(site, ".env"), "secret");
  await writeFile(join(site, "a b.txt"), "spaced");
});

afterAll(() => rm(root, { recursive: true }));

const start = (): Promise<Server> =>
  listening({ static: site, routes: { "/echo": { message: (socket, message) => socket.write(message) } } });

/** The answer to a request for `target` as it stands, which `fetch` would first make tidy. */
async function get(port: number, target: string): Promise<string> {
  const raw = await RawSocket.connect(port);
  raw.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return await raw.rest();
}

describe("static", () => {
  test("serves index.html for / and each file with its type", async () => {
    const { url } = await start();
    const home = await fetch(url);
    expect(home.status).toBe(200);
    expect(home.headers.get("content-type")).toMatch(/^text\/html\b/);
    expect(home.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await home.text()).toBe("<h1>home</h1>");
    const script = await fetch(new URL("/assets/app.js?v=1", url));
    expect(script.headers.get("content-type")).toMatch(/^text\/javascript\b/);
    expect(await (await fetch(new URL("/a%20b.txt", url))).text()).toBe("spaced");
  });

  test("answers HEAD without a body, and an unchanged file with 304", async () => {
    const { url } = await start();
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const etag = head.headers.get("etag") ?? "";
    const again = await fetch(url, { headers: { "If-None-Match": etag } });
    expect(again.status).toBe(304);
  });

  test.each([
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/%2e%2e%2fsecret.txt",
    "/assets/../../secret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/..\\secret.txt",
    "/%252e%252e/secret.txt",
    "//secret.txt",
    "/./../secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/secret.txt%00.html",
    "/%",
    "/.env",
    "/%2eenv",
    "/nowhere",
  ])("answers 404 to %s: nothing outside the folder, and no dot file", async (target) => {
    const { port } = await start();
    const answer = await get(port, target);
    expect(answer).toMatch(/^HTTP\/1\.1 404 [^]*\r\nNot found\n/);
    expect(answer).not.toContain("secret");
  });

  test("does not follow a file that appears later: the list is read once", async () => {
    const { port } = await start();
    await symlink(join(root, "secret.txt"), join(site, "later.txt"));
    expect(await get(port, "/later.txt")).toMatch(/^HTTP\/1\.1 404 /);
    await rm(join(site, "later.txt"));
  });

  test("leaves the routes to WebSocket, and what it has not to onRequest", async () => {
    const { port, url } = await listening({
      static: site,
      routes: { "/echo": {} },
      onRequest: (_, response) => response.writeHead(418).end(),
    });
    expect((await fetch(new URL("/echo", url))).status).toBe(426);
    expect((await fetch(new URL("/teapot", url))).status).toBe(418);
    expect((await fetch(url)).status).toBe(200);
    await RawPeer.join(port, { path: "/echo" });
  });

  test.each(["POST", "PUT", "DELETE"])("serves no file to %s", async (method) => {
    const { url } = await start();
    expect((await fetch(url, { method })).status).toBe(404);
  });
});
