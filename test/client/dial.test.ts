import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectTcp } from "node:net";
import { Duplex, duplexPair, PassThrough } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { createSelfSigned } from "../../src/cli/self-signed.js";
import { connect, type ConnectionHandler } from "../../src/client/index.js";
import { Upgrader } from "../../src/server/index.js";
import { disguise } from "../support/disguise.js";
import { RawServer } from "../support/raw-server.js";
import { nextTurn } from "../support/turns.js";
import { connectInVain } from "./support/failed-connect.js";

const certificate = await createSelfSigned("example.com");

function failNow(): never {
  throw new Error("no tunnel");
}

describe("connect() with dial", () => {
  test.each([
    ["a socket that is connecting", (port: number) => connectTcp(port, "127.0.0.1")],
    [
      "a promise of a connected socket",
      async (port: number) => {
        const socket = connectTcp(port, "127.0.0.1");
        await once(socket, "connect");
        return socket;
      },
    ],
    ["a duplex that is no socket", (port: number) => disguise(connectTcp(port, "127.0.0.1"))],
  ])("speaks ws and wss over %s", async (_, open) => {
    for (const tls of [undefined, certificate]) {
      const server = await RawServer.start(tls === undefined ? {} : { tls });
      const scheme = tls === undefined ? "ws" : "wss";
      const connecting = connect(`${scheme}://example.com/a?b`, {
        dial: () => open(server.port),
        tls: { ca: certificate.cert },
      });
      const visitor = await server.visitor();
      expect(visitor.request).toMatchObject({ target: "/a?b", headers: { host: "example.com" } });
      const peer = visitor.accept();
      const connection = await connecting;
      await connection.send("hello");
      expect(await peer.hear()).toEqual({ text: "hello" });
      peer.say("hello yourself");
      expect(await connection.receive()).toBe("hello yourself");
      connection.terminate();
      await peer.raw.ended;
    }
  });

  test.each([false, true])(
    "sees its end during the TLS handshake, though no error comes with it (http2: %s)",
    async (http2) => {
      const dial = (): Duplex => {
        const duplex = new Duplex({
          read: () => {},
          write: (_, _encoding, done) => {
            done();
            setImmediate(() => duplex.destroy());
          },
        });
        return duplex;
      };
      const error = await connectInVain("wss://example.com/", { dial, http2, handshakeTimeoutMs: 5_000 });
      expect(error.code).toBe("tls-failed");
    },
  );

  test("tells it the URL in the ws form, without credentials, for each server on the way", async () => {
    const server = await RawServer.start();
    const urls: string[] = [];
    const connecting = connect("http://ada:secret@example.com/a?b", {
      followRedirects: 1,
      dial: (url) => {
        urls.push(url.href);
        return connectTcp(server.port, "127.0.0.1");
      },
    });
    (await server.visitor()).raw.write("HTTP/1.1 302 Found\r\nLocation: //example.org/\r\nContent-Length: 0\r\n\r\n");
    (await server.visitor()).accept();
    await connecting;
    expect(urls).toEqual(["ws://example.com/a?b", "ws://example.org/"]);
  });

  test("checks the certificate against the host of the URL, whatever was dialled", async () => {
    const server = await RawServer.start({ tls: certificate });
    const options = { dial: () => connectTcp(server.port, "127.0.0.1"), tls: { ca: certificate.cert } };
    const error = await connectInVain("wss://attacker.example/", options);
    expect(error).toMatchObject({ code: "tls-failed", cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" } });
    await server.abandoned();
  });

  test.each([
    ["throws", failNow],
    ["rejects", () => Promise.reject(new Error("no tunnel"))],
  ])("that %s rejects with network-failed", async (_, dial) => {
    const error = await connectInVain("ws://example.com/", { dial });
    expect(error).toMatchObject({ code: "network-failed", cause: new Error("no tunnel") });
    expect(error.message).toContain("there is no way to it: no tunnel");
  });

  test("that fails as Node does rejects as without it", async () => {
    for (const url of ["ws://example.com/", "wss://example.com/"]) {
      const refused = await connectInVain(url, { dial: () => connectTcp(1, "127.0.0.1") });
      expect(refused).toMatchObject({ code: "connection-refused", cause: { code: "ECONNREFUSED" } });
      const unresolved = await connectInVain(url, { dial: () => connectTcp(1, "no-such-host.invalid") });
      expect(unresolved.code).toBe("dns-failed");
    }
  });

  test("that throws what is no Error says so", async () => {
    const dial = vi.fn<() => Promise<never>>().mockRejectedValue("full");
    expect(await connectInVain("ws://example.com/", { dial })).toMatchObject({ code: "network-failed", cause: "full" });
  });

  test.each([undefined, null, 5, {}, new EventTarget()])("that gives %s rejects with a TypeError", async (value) => {
    await expect(connect("ws://example.com/", { dial: () => value as never })).rejects.toThrow(
      new TypeError("option dial gave something else than a Duplex of node:stream"),
    );
  });

  test("destroys what was dialled when the handshake fails, TLS or not", async () => {
    for (const tls of [undefined, certificate]) {
      const server = await RawServer.start(tls === undefined ? {} : { tls });
      void server.answerAll(() => "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
      const dialled = disguise(connectTcp({ port: server.port, host: "127.0.0.1", allowHalfOpen: true }));
      const options = { dial: () => dialled, tls: { rejectUnauthorized: false } };
      await connectInVain(tls === undefined ? "ws://example.com/" : "wss://example.com/", options);
      await nextTurn();
      expect(dialled.destroyed).toBe(true);
      await server.abandoned();
    }
  });

  test("rejects when the duplex is closed before the request is out", async () => {
    const failures = [undefined, new Error("reset")].map(async (cause) => {
      const dialled = new PassThrough();
      const failing = connectInVain("ws://example.com/", { dial: () => dialled });
      // Not yet when it is dialled, and before Node listens to it.
      process.nextTick(() => dialled.destroy(cause));
      return await failing;
    });
    for (const failure of await Promise.all(failures)) expect(failure.code).toBe("network-failed");
  });

  test("rejects when the duplex was closed before, or is closed instead of an answer", async () => {
    const closed = new PassThrough().destroy();
    expect((await connectInVain("ws://example.com/", { dial: () => closed })).code).toBe("network-failed");
    const closing = new Duplex({
      read() {},
      write() {
        this.destroy();
      },
    });
    expect((await connectInVain("ws://example.com/", { dial: () => closing })).code).toBe("closed");
  });
});

describe("over a duplex that delivers within the write", () => {
  /** A duplex at whose other end `handler` serves. */
  function served(handler: ConnectionHandler): Duplex {
    const [ours, theirs] = duplexPair();
    const upgrader = new Upgrader();
    const http = createServer();
    http.on("upgrade", (request, socket, head) => upgrader.serve(request, socket, head, handler));
    http.emit("connection", theirs);
    return ours;
  }

  test("what comes of that goes out once, in order, and the end behind it", async () => {
    const heard: unknown[] = [];
    const duplex = served({
      message: (connection, message) => {
        heard.push(message);
        connection.write(`re: ${String(message)}`);
        if (heard.length === 100) void connection.close();
      },
    });
    const connection = await connect("ws://in.memory/", { dial: () => duplex });
    const answers: unknown[] = [];
    connection.handle({
      message: (_, answer) => {
        answers.push(answer);
        connection.write(`${answers.length}`);
        if (answers.length % 10 === 0) connection.write("long ".repeat(20_000));
      },
    });
    connection.write("0");
    expect(await connection.closed).toMatchObject({ code: 1000, by: "peer", clean: true });
    const counted = heard.filter((each) => !String(each).startsWith("long"));
    expect(counted).toEqual(counted.map((_, index) => `${index}`));
    expect(answers).toEqual(heard.slice(0, answers.length).map((each) => `re: ${String(each)}`));
    expect(answers.length).toBeGreaterThan(90);
  });

  test("an observer is told of the question before the answer", async () => {
    const duplex = served({ message: (connection) => void connection.write("answer") });
    const told: string[] = [];
    const connection = await connect("ws://in.memory/", {
      dial: () => duplex,
      observer: {
        sent: (_, type, bytes) => void told.push(`sent ${type} of ${bytes}`),
        received: (_, type, bytes) => void told.push(`received ${type} of ${bytes}`),
      },
    });
    connection.write("q".repeat(100_000));
    expect(await connection.receive()).toBe("answer");
    expect(told).toEqual(["sent text of 100000", "received text of 6"]);
    await connection.close();
  });
});
