import { execFileSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Server } from "../../src/server/index.js";
import { listening } from "../support/listening.js";
import { RawPeer } from "../support/raw-peer.js";
import { RawSocket } from "../support/raw-socket.js";

const MODIFIED = new Date("2026-03-01T12:00:00Z");

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
  await writeFile(join(site, "empty.txt"), "");
  await writeFile(join(site, "digits.txt"), "0123456789");
  await utimes(join(site, "digits.txt"), MODIFIED, MODIFIED);
  await mkdir(join(site, ".well-known"));
  await writeFile(join(site, ".well-known/security.txt"), "found");
  await mkdir(join(site, "help"));
  await writeFile(join(site, "help/index.html"), "<h1>help</h1>");
  await symlink(join(root, "secret.txt"), join(site, "outside.txt"));
  await symlink(root, join(site, "outside"));
  await symlink("digits.txt", join(site, "inside.txt"));
  execFileSync("mkfifo", [join(site, "pipe.txt")]);
});

afterAll(() => rm(root, { recursive: true }));

const start = (): Promise<Server> =>
  listening({ static: site, routes: { "/echo": { message: (socket, message) => socket.write(message) } } });

/** The answer to a request for `target` as it stands, which `fetch` would first make tidy. */
async function get(
  port: number,
  target: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<string> {
  const raw = await RawSocket.connect(port);
  const lines = Object.entries({ Host: "a", Connection: "close", ...headers }).map((each) => each.join(": "));
  raw.write(`${[`${method} ${target} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`);
  return await raw.rest();
}

/** Status, one header and the body of an answer. */
function parts(answer: string, header = ""): [status: number, value: string | undefined, body: string] {
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
  const value = new RegExp(`\r\n${header}: (.*)\r\n`, "i").exec(answer)?.[1];
  return [status, value, answer.slice(answer.indexOf("\r\n\r\n") + 4)];
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
    const { port, url } = await start();
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("cache-control")).toBe("no-cache");
    const [, etag = ""] = parts(await get(port, "/"), "ETag");
    expect(parts(await get(port, "/", { "If-None-Match": etag }), "Cache-Control")).toEqual([304, "no-cache", ""]);
    expect(parts(await get(port, "/", { "If-None-Match": '"other"' }))[0]).toBe(200);
  });

  test.each([
    ["If-Modified-Since", "Sun, 01 Mar 2026 12:00:00 GMT", 304],
    ["If-Modified-Since", "Sun, 01 Mar 2026 11:59:59 GMT", 200],
    ["If-Modified-Since", "yesterday", 200],
    ["If-Unmodified-Since", "Sun, 01 Mar 2026 11:59:59 GMT", 412],
    ["If-Match", '"other"', 412],
    ["If-Match", "*", 200],
  ])("RFC 9110 §13: answers %s: %s with %i", async (name, value, status) => {
    const { port } = await start();
    expect(parts(await get(port, "/digits.txt", { [name]: value }))[0]).toBe(status);
  });

  test("says how long a file is to HEAD, also for a range", async () => {
    const { port } = await start();
    expect(parts(await get(port, "/digits.txt", {}, "HEAD"), "Content-Length")).toEqual([200, "10", ""]);
    expect(parts(await get(port, "/empty.txt"), "Content-Length")).toEqual([200, "0", ""]);
  });

  test("serves the index of a folder at its path with a slash, and sends on from the one without", async () => {
    const { port } = await start();
    expect(parts(await get(port, "/help/"))).toEqual([200, undefined, "<h1>help</h1>"]);
    expect(parts(await get(port, "/help?a=1"), "Location")).toEqual([308, "/help/?a=1", ""]);
    expect(parts(await get(port, "/assets"))[0]).toBe(404);
    expect(parts(await get(port, "/assets/"))[0]).toBe(404);
  });

  test("serves what lies in .well-known, and a link to a file in the folder", async () => {
    const { port } = await start();
    expect(parts(await get(port, "/.well-known/security.txt"))[2]).toBe("found");
    expect(parts(await get(port, "/inside.txt"))[2]).toBe("0123456789");
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
    "/outside.txt",
    "/outside/secret.txt",
    "/assets%2fapp.js",
    "/pipe.txt",
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

describe("RFC 9110 §14: a range", () => {
  test.each([
    ["bytes=2-4", 206, "bytes 2-4/10", "234"],
    ["bytes=7-", 206, "bytes 7-9/10", "789"],
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=-99", 200, undefined, "0123456789"],
    ["bytes=5-99999", 206, "bytes 5-9/10", "56789"],
    ["bytes=0-18446744073709551615", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=10-", 416, "bytes */10", "The file has no such range\n"],
    ["bytes=5-2", 416, "bytes */10", "The file has no such range\n"],
    ["bytes=-0", 416, "bytes */10", "The file has no such range\n"],
    ["bytes=a-b", 200, undefined, "0123456789"],
    ["bytes=", 200, undefined, "0123456789"],
    ["lines=1-2", 200, undefined, "0123456789"],
    ["bytes=0-1,5-6", 200, undefined, "0123456789"],
  ])("of %j is answered with %i", async (range, status, contentRange, body) => {
    const { port } = await start();
    expect(parts(await get(port, "/digits.txt", { Range: range }), "Content-Range")).toEqual([
      status,
      contentRange,
      body,
    ]);
    expect(parts(await get(port, "/digits.txt"))[2]).toBe("0123456789"); // the server lives
  });

  test("is not given of a file that is not the one the client has a part of", async () => {
    const { port } = await start();
    const answer = await get(port, "/digits.txt", { Range: "bytes=1-2", "If-Range": 'W/"other"' });
    expect(parts(answer, "Content-Range")).toEqual([200, undefined, "0123456789"]);
  });
});

describe("a file that changes after the start", () => {
  let site2 = "";
  let file = "";

  beforeEach(async () => {
    site2 = await realpath(await mkdtemp(join(tmpdir(), "halyard-")));
    file = join(site2, "a.txt");
    await writeFile(file, "0123456789");
    onTestFinished(() => rm(site2, { recursive: true }));
  });

  /** Stands between the server, once it has looked at a file, and what opens it. */
  function intercept(opening: (open: () => fs.ReadStream) => fs.ReadStream): void {
    const { createReadStream } = fs;
    const spy = vi.spyOn(fs, "createReadStream").mockImplementation((...args) => {
      return opening(() => createReadStream(...args));
    });
    onTestFinished(() => {
      spy.mockRestore();
    });
  }

  function beforeOpening(change: () => void): void {
    intercept((open) => {
      change();
      return open();
    });
  }

  const startHere = (): Promise<Server> => listening({ static: site2 });

  test("is served as it is now", async () => {
    const { port } = await startHere();
    await writeFile(file, "longer than it was");
    expect(parts(await get(port, "/a.txt"), "Content-Length")).toEqual([200, "18", "longer than it was"]);
  });

  test.each([
    ["is gone", async () => await rm(file)],
    [
      "is a folder now",
      async () => {
        await rm(file);
        await mkdir(file);
      },
    ],
    [
      "is a link out of the folder now",
      async () => {
        await rm(file);
        await symlink(join(root, "secret.txt"), file);
      },
    ],
    [
      "is a link to itself now",
      async () => {
        await rm(file);
        await symlink(file, file);
      },
    ],
  ])("and %s is answered with 404", async (_, change) => {
    const { port } = await startHere();
    await change();
    expect(parts(await get(port, "/a.txt"))).toEqual([404, undefined, "Not found\n"]);
    expect(parts(await get(port, "/a.txt"))[0]).toBe(404);
  });

  test("and is gone when it is opened is answered with 404", async () => {
    const { port } = await startHere();
    beforeOpening(() => fs.unlinkSync(file));
    expect(parts(await get(port, "/a.txt"), "ETag")).toEqual([404, undefined, "Not found\n"]);
  });

  test("and cannot be read is answered with 500, without the reason", async () => {
    const { port } = await startHere();
    const denied = Object.assign(new Error("EACCES: secret"), { code: "EACCES" });
    intercept((open) => open().destroy(denied));
    expect(parts(await get(port, "/a.txt"), "ETag")).toEqual([500, undefined, "The file cannot be read\n"]);
  });

  test("and is shorter than the client was told ends the connection, so that it does not wait", async () => {
    const { port } = await startHere();
    beforeOpening(() => fs.truncateSync(file, 4));
    expect(parts(await get(port, "/a.txt", { Connection: "keep-alive" }), "Content-Length")).toEqual([
      200,
      "10",
      "0123",
    ]);
  });

  test("and was empty is sent no byte of: the next response begins there", async () => {
    await writeFile(file, "");
    const { port } = await startHere();
    beforeOpening(() => fs.writeFileSync(file, "more"));
    expect(parts(await get(port, "/a.txt"), "Content-Length")).toEqual([200, "0", ""]);
  });

  test("is closed when the client leaves before its end", async () => {
    await writeFile(file, Buffer.alloc(20 * 1024 * 1024));
    const streams: fs.ReadStream[] = [];
    intercept((open) => {
      const stream = open();
      streams.push(stream);
      return stream;
    });
    const { port } = await startHere();
    const raw = await RawSocket.connect(port);
    raw.write("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(raw.socket, "data");
    raw.stopReading();
    raw.reset();
    const [stream] = streams as [fs.ReadStream];
    if (!stream.closed) await once(stream, "close");
    expect(stream.readableEnded).toBe(false);
  });
});
