import { CookieJar as ToughJar } from "tough-cookie";
import { describe, expect, test } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect, type CookieJar } from "../../src/client/index.js";
import { defer } from "../../src/internal/deferred.js";
import type { AnswerChange, ReceivedRequest } from "../support/handshake-answer.js";
import { RawServer } from "../support/raw-server.js";
import { nextTurn } from "../support/turns.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned(undefined);

/** Connects once; gives the request that the server got. */
async function visit(
  server: RawServer,
  cookies: CookieJar,
  change: AnswerChange = {},
  path = "/",
): Promise<ReceivedRequest> {
  const connecting = connect(server.url + path, { cookies, tls: { ca: certificate.cert } });
  const visitor = await server.visitor();
  visitor.accept(change);
  (await connecting).terminate();
  return visitor.request;
}

function failNow(): never {
  throw new Error("disk");
}

const setting = (...cookies: string[]): AnswerChange => ({ headers: { "Set-Cookie": cookies } });

describe("connect() with the jar of tough-cookie", () => {
  test("keeps the cookies that a server sets, and shows them the next time", async () => {
    const [server, jar] = [await RawServer.start(), new ToughJar()];
    const first = await visit(server, jar, setting("session=1; HttpOnly", "theme=dark"));
    expect(first.headers).not.toHaveProperty("cookie");
    expect((await visit(server, jar)).headers["cookie"]).toBe("session=1; theme=dark");
  });

  test("leaves it to the jar which cookies belong to a path", async () => {
    const [server, jar] = [await RawServer.start(), new ToughJar()];
    await visit(server, jar, setting("a=1; Path=/a", "b=1; Path=/b"));
    expect((await visit(server, jar, {}, "/b/c?d")).headers["cookie"]).toBe("b=1");
  });

  test("shows secure cookies over wss and not over ws", async () => {
    const jar = new ToughJar(undefined, { allowSecureOnLocal: false });
    const [plain, secure] = [await RawServer.start(), await RawServer.start({ tls: certificate })];
    await visit(secure, jar, setting("a=1; Secure", "b=1"));
    expect((await visit(secure, jar)).headers["cookie"]).toBe("a=1; b=1");
    expect((await visit(plain, jar)).headers["cookie"]).toBe("b=1");
  });

  test("is not stopped by a cookie that the jar refuses", async () => {
    const [server, jar] = [await RawServer.start(), new ToughJar()];
    await visit(server, jar, setting("evil=1; Domain=other.example", "good=1"));
    expect((await visit(server, jar)).headers["cookie"]).toBe("good=1");
  });

  test("keeps the cookies of an answer that lets nobody in", async () => {
    const [server, jar] = [await RawServer.start(), new ToughJar()];
    void server
      .visitor()
      .then(({ raw }) => raw.write("HTTP/1.1 401 No\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"));
    expect(await connectInVain(server.url, { cookies: jar })).toMatchObject({ code: "http-status" });
    expect(await jar.getCookieString(`http://127.0.0.1:${server.port}/`)).toBe("a=1");
  });

  test("shows the server that it is redirected to what belongs there, and what it was just given", async () => {
    const jar = new ToughJar();
    const [from, to] = [await RawServer.start(), await RawServer.start()];
    await jar.setCookie("mine=1", "http://localhost/");
    const connecting = connect(from.url, { cookies: jar, followRedirects: 2 });
    const first = await from.visitor();
    first.raw.write("HTTP/1.1 302 Found\r\nSet-Cookie: fresh=1\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    const second = await from.visitor();
    second.raw.write(`HTTP/1.1 302 Found\r\nLocation: ws://localhost:${to.port}/\r\nContent-Length: 0\r\n\r\n`);
    const third = await to.visitor();
    third.accept();
    await connecting;
    expect([first, second, third].map(({ request }) => request.headers["cookie"])).toEqual([
      undefined,
      "fresh=1",
      "mine=1",
    ]);
  });
});

describe("connect() with a jar", () => {
  const jar = { getCookieString: () => "", setCookie: () => {} };

  test("puts its cookies behind those of the option headers, in one header", async () => {
    const server = await RawServer.start();
    const cookies = { ...jar, getCookieString: () => "b=2" };
    const connecting = connect(server.url, { cookies, headers: { cookie: ["a=1", "c=3"] } });
    const visitor = await server.visitor();
    expect(visitor.request.headers["cookie"]).toBe("a=1; c=3; b=2");
    expect(visitor.request.names.filter((name) => name.toLowerCase() === "cookie")).toHaveLength(1);
    visitor.accept();
    await connecting;
  });

  test("asks it with the URL in the http form, without credentials", async () => {
    const server = await RawServer.start();
    const urls: string[] = [];
    const cookies: CookieJar = {
      getCookieString: (url) => {
        urls.push(url);
        return "";
      },
      setCookie: (cookie, url) => urls.push(`${cookie} ${url}`),
    };
    const connecting = connect(`ws://ada:secret@127.0.0.1:${server.port}/a?b`, { cookies });
    (await server.visitor()).accept(setting("c=1; Path=/"));
    await connecting;
    const url = `http://127.0.0.1:${server.port}/a?b`;
    expect(urls).toEqual([url, `c=1; Path=/ ${url}`]);
  });

  test.each([
    ["throws", failNow],
    ["rejects", () => Promise.reject(new Error("disk"))],
  ])("that %s rejects with cookies-failed", async (_, getCookieString) => {
    const server = await RawServer.start();
    const error = await connectInVain(server.url, { cookies: { ...jar, getCookieString } });
    expect(error).toMatchObject({ code: "cookies-failed", cause: new Error("disk") });
    expect(server.sockets).toEqual([]);
  });

  test.each([["a=1\r\nX-Evil: 1"], ["a=\0"], ["a=⚓"], [undefined], [5]])(
    "that gives %j rejects with cookies-failed, and sends nothing of it",
    async (value) => {
      const server = await RawServer.start();
      const error = await connectInVain(server.url, { cookies: { ...jar, getCookieString: () => value as string } });
      expect(error).toMatchObject({ code: "cookies-failed" });
      expect(server.sockets).toEqual([]);
    },
  );

  test("that cannot store opens the connection all the same", async () => {
    const server = await RawServer.start();
    await visit(server, { ...jar, setCookie: failNow }, setting("a=1"));
  });

  test("loses nothing that the server sends while it stores, its close frame and its end included", async () => {
    const server = await RawServer.start();
    const [asked, stored] = [defer<void>(), defer<void>()];
    const setCookie = (): Promise<void> => {
      asked.resolve();
      return stored.promise;
    };
    const connecting = connect(server.url, { cookies: { ...jar, setCookie } });
    const peer = (await server.visitor()).accept(setting("a=1"));
    peer.say("1");
    peer.say("2".repeat(100_000));
    peer.close(4000);
    peer.raw.end();
    await asked.promise;
    for (let i = 0; i < 20; i++) await nextTurn();
    stored.resolve();
    const connection = await connecting;
    const lengths: number[] = [];
    for await (const message of connection) lengths.push(message.length);
    expect(lengths).toEqual([1, 100_000]);
    expect(await peer.hearAll()).toEqual([{ close: 4000, reason: "" }]);
    expect(await connection.closed).toMatchObject({ code: 4000, clean: true });
  });
});
