import { once } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { describe, expect, expectTypeOf, test } from "vitest";
import { connect, ConnectError, type HttpAnswer, type ResponseFaultCode } from "../../src/client/index.js";
import { responseFaults } from "../../src/protocol/index.js";
import { type AnswerChange, switching } from "../support/handshake-answer.js";
import { listening } from "../support/listening.js";
import { RawServer } from "../support/raw-server.js";
import { nextTurn } from "../support/turns.js";
import { connectInVain } from "./support/failed-connect.js";

/** A port of 127.0.0.1 where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Connects to a server that answers with these bytes, and checks that the socket is gone after it. */
async function answered(answer: string | Uint8Array): Promise<ConnectError> {
  const server = await RawServer.start();
  void server.answerAll(() => answer);
  const error = await connectInVain(server.url);
  await server.abandoned();
  return error;
}

describe("connect() rejects with", () => {
  test("dns-failed when the host has no address", async () => {
    const error = await connectInVain("ws://no-such-host.invalid/");
    expect(error).toMatchObject({ code: "dns-failed", cause: { syscall: "getaddrinfo" } });
    expect(error.message).toContain("ws://no-such-host.invalid/");
  });

  test("connection-refused when nobody listens", async () => {
    const error = await connectInVain(`ws://127.0.0.1:${await freePort()}/`);
    expect(error).toMatchObject({ code: "connection-refused", cause: { code: "ECONNREFUSED" } });
  });

  test("connection-refused when nobody listens at any address of the host", async () => {
    const error = await connectInVain(`ws://localhost:${await freePort()}/`);
    expect(error.code).toBe("connection-refused");
    expect(error.message).toContain("ECONNREFUSED 127.0.0.1");
  });

  test.each(["ws", "wss"])("network-failed when the system refuses the address at once, over %s", async (scheme) => {
    const error = await connectInVain(`${scheme}://255.255.255.255/`);
    expect(error.code).toBe("network-failed");
    expect(error.cause).toHaveProperty("syscall", "connect");
  });

  test("network-failed when there is no such Unix socket", async () => {
    const error = await connectInVain("ws+unix:/no/such.sock:/");
    expect(error).toMatchObject({ code: "network-failed", cause: { code: "ENOENT" } });
  });

  test.each([
    "hello\r\n\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/1.1 abc\r\n\r\n",
    Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70),
  ])("malformed-http when the server says %j", async (answer) => {
    const error = await answered(answer);
    expect(error).toMatchObject({ code: "malformed-http", cause: { code: expect.stringMatching(/^HPE_/) as string } });
  });

  test("malformed-http when the answer's head has no end", async () => {
    expect(await answered(`HTTP/1.1 101 Switching Protocols\r\nX: ${"x".repeat(100_000)}`)).toMatchObject({
      code: "malformed-http",
      cause: { code: "HPE_HEADER_OVERFLOW" },
    });
  });

  test.each([
    ["ends the connection", "end"],
    ["resets the connection", "reset"],
  ] as const)("closed when the server %s before it has answered", async (_, how) => {
    const server = await RawServer.start();
    const failing = connectInVain(server.url);
    const { raw } = await server.visitor();
    raw[how]();
    expect(await failing).toMatchObject({ code: "closed", cause: { code: "ECONNRESET" } });
    await server.abandoned();
  });

  test("closed when the server ends the connection in the middle of its answer's head", async () => {
    const server = await RawServer.start();
    const failing = connectInVain(server.url);
    const { raw } = await server.visitor();
    raw.write("HTTP/1.1 101 Switching Protocols\r\nUpgr");
    raw.end();
    expect((await failing).code).toBe("closed");
    await server.abandoned();
  });
});

describe("connect() rejects with http-status", () => {
  test.each([200, 204, 301, 400, 401, 403, 404, 426, 429, 500, 503])(
    "and the status, headers and body, for status %i",
    async (status) => {
      const body = status === 204 ? "" : "because ⚓\n";
      const length = Buffer.byteLength(body);
      const error = await answered(
        `HTTP/1.1 ${status} Whatever\r\nX-Why: a\r\nX-Why: b\r\nContent-Length: ${length}\r\n\r\n${Buffer.from(body).toString("latin1")}`,
      );
      expect(error.code).toBe("http-status");
      expect(error.response).toMatchObject({ status, httpVersion: "1.1", isBodyComplete: true });
      expect(error.response?.headers["x-why"]).toBe("a, b");
      expect(error.response?.rawHeaders.slice(0, 4)).toEqual(["X-Why", "a", "X-Why", "b"]);
      expect(error.response?.body.toString()).toBe(body);
      expect(error.message).toContain(`the server answered ${status}`);
    },
  );

  test("and a body that is chunked, or ends with the connection", async () => {
    const chunked = await answered(
      "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    expect(chunked.response).toMatchObject({ body: Buffer.from("abcde"), isBodyComplete: true });
    const server = await RawServer.start();
    const failing = connectInVain(server.url);
    const { raw } = await server.visitor();
    raw.write("HTTP/1.1 403 No\r\n\r\nto the end");
    raw.end();
    expect((await failing).response).toMatchObject({ body: Buffer.from("to the end"), isBodyComplete: true });
    await server.abandoned();
  });

  test("and 64 KiB of a body, of which exactly so much is all", async () => {
    const size = 64 * 1024;
    const head = (length: number): string => `HTTP/1.1 500 No\r\nContent-Length: ${length}\r\n\r\n`;
    const whole = await answered(head(size) + "x".repeat(size));
    expect(whole.response?.isBodyComplete).toBe(true);
    expect(whole.response?.body.equals(Buffer.alloc(size, "x"))).toBe(true);
    const cut = await answered(head(size + 1) + "x".repeat(size + 1));
    expect(cut.response?.isBodyComplete).toBe(false);
    expect(cut.response?.body.equals(Buffer.alloc(size, "x"))).toBe(true);
  });

  test("and not more of a body that has no end", async () => {
    const server = await RawServer.start();
    const failing = connectInVain(server.url);
    const { raw } = await server.visitor();
    raw.write("HTTP/1.1 500 No\r\n\r\n");
    let isGone = false;
    void raw.ended.then(() => (isGone = true));
    while (!isGone) {
      raw.write(Buffer.alloc(16 * 1024));
      await nextTurn();
    }
    const { response } = await failing;
    expect(response?.isBodyComplete).toBe(false);
    expect(response?.body).toHaveLength(64 * 1024);
  });

  test.each([
    ["is cut short", "HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\nabc"],
    ["is broken", "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"],
  ])("and says so of a body that %s", async (_, answer) => {
    const server = await RawServer.start();
    const failing = connectInVain(server.url);
    const { raw } = await server.visitor();
    raw.write(answer);
    raw.end();
    const { code, response } = await failing;
    expect(code).toBe("http-status");
    expect(response).toMatchObject({ status: 500, isBodyComplete: false });
    expect("abc").toContain(response?.body.toString());
    await server.abandoned();
  });

  test("of our own server's refusal, with its reason", async () => {
    const { port } = await listening({ routes: {} });
    const error = await connectInVain(`ws://127.0.0.1:${port}/nowhere`);
    expect(error.response).toMatchObject({ status: 404, isBodyComplete: true });
    expect(error.response?.body.toString()).toBe("There is no WebSocket at this path.\n");
  });
});

/** For every fault of an answer a way to commit it that Node's HTTP parser lets through. */
const wrongAnswers: Readonly<Record<Exclude<ResponseFaultCode, "status-not-101">, readonly AnswerChange[]>> = {
  "response-version-too-old": [{ statusLine: "HTTP/1.0 101 Switching Protocols" }],
  "upgrade-not-websocket": [
    { headers: { Upgrade: undefined } },
    { headers: { Upgrade: undefined, Connection: undefined } },
    { headers: { Upgrade: "h2c" } },
    { headers: { Upgrade: ["websocket", "websocket"] } },
    { headers: { Upgrade: undefined, "Content-Length": "0" } },
    { headers: { Upgrade: undefined, "Transfer-Encoding": "chunked" } },
  ],
  "response-connection-without-upgrade": [
    { headers: { Connection: undefined } },
    { headers: { Connection: "keep-alive" } },
  ],
  "accept-missing": [{ headers: { "Sec-WebSocket-Accept": undefined } }],
  "accept-repeated": [{ headers: { "Sec-WebSocket-Accept": ["a", "a"] } }],
  "accept-wrong": [{ headers: { "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" } }],
  "extensions-repeated": [{ headers: { "Sec-WebSocket-Extensions": ["a", "b"] } }],
  "extensions-unreadable": [{ headers: { "Sec-WebSocket-Extensions": "a;" } }],
  "extension-not-offered": [{ headers: { "Sec-WebSocket-Extensions": "x-unknown; a=1" } }],
  "extension-agreed-twice": [{ headers: { "Sec-WebSocket-Extensions": "permessage-deflate, permessage-deflate" } }],
  "deflate-parameter-unknown": [{ headers: { "Sec-WebSocket-Extensions": "permessage-deflate; unknown" } }],
  "deflate-parameter-repeated": [
    {
      headers: {
        "Sec-WebSocket-Extensions": "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
      },
    },
  ],
  "deflate-parameter-invalid": [
    { headers: { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" } },
  ],
  "deflate-takeover-kept": [
    { headers: { "Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=12" } },
  ],
  "subprotocol-repeated": [{ headers: { "Sec-WebSocket-Protocol": ["chat", "chat"] } }],
  "subprotocol-not-offered": [
    { headers: { "Sec-WebSocket-Protocol": "other" } },
    { headers: { "Sec-WebSocket-Protocol": "CHAT" } },
  ],
};

describe("RFC 6455 §4.1: connect() fails the connection for", () => {
  for (const [fault, changes] of Object.entries(wrongAnswers)) {
    const { subject, rfc = 6455, section, explanation } = responseFaults[fault as ResponseFaultCode];
    for (const change of changes) {
      test(`${fault}: ${JSON.stringify(change)}`, async () => {
        const server = await RawServer.start();
        void server.answerAll((request) => switching(request, change));
        const compression = { peerContextTakeover: false, peerWindowBits: 12 };
        const error = await connectInVain(server.url, { subprotocols: ["chat"], compression });
        expect(error).toMatchObject({ code: `bad-${subject}`, fault });
        expect(error.response).toMatchObject({ status: 101 });
        expect(error.message).toContain(`${fault}: ${explanation} (RFC ${rfc} §${section})`);
        await server.abandoned();
      });
    }
  }
});

describe("a ConnectError", () => {
  test("shows nothing secret: neither credentials nor a query, header or body", async () => {
    const server = await RawServer.start();
    void server.answerAll(() => "HTTP/1.1 401 No\r\nSet-Cookie: s3cr3t\r\nContent-Length: 6\r\n\r\ns3cr3t");
    const url = `ws://s3cr3t:s3cr3t@127.0.0.1:${server.port}/path?token=s3cr3t`;
    const error = await connectInVain(url, { headers: { "X-Key": "s3cr3t" } });
    expect(error.response?.body.toString()).toBe("s3cr3t");
    expect(inspect(error, { depth: null })).not.toContain("s3cr3t");
    expect(JSON.stringify(error)).not.toContain("s3cr3t");
    expect(error.message).toContain(`could not connect to ws://127.0.0.1:${server.port}/path:`);
    expect(error.url).toBe(`ws://127.0.0.1:${server.port}/path`);
  });

  test("shows nothing secret of a server that nobody reaches either", async () => {
    const error = await connectInVain(`ws://s3cr3t:s3cr3t@127.0.0.1:${await freePort()}/?s3cr3t`);
    expect(inspect(error, { depth: null })).not.toContain("s3cr3t");
  });

  test("is an Error, and shows as what it is", async () => {
    const error = await connectInVain(`ws://127.0.0.1:${await freePort()}/`);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("ConnectError");
    expect(inspect(error)).toMatch(/^ConnectError: could not connect to /);
    expect(new Error("other")).not.toBeInstanceOf(ConnectError);
  });

  test("has its type narrowed by its code", async () => {
    const error = await connectInVain(`ws://127.0.0.1:${await freePort()}/`);
    expect(error.code).toBe("connection-refused");
    if (error.code === "http-status" || error.code === "redirect-refused") {
      expectTypeOf(error.response).toEqualTypeOf<HttpAnswer>();
      expectTypeOf(error.fault).toEqualTypeOf<undefined>();
    } else if (error.code === "bad-extension" || error.code === "bad-accept-key") {
      expectTypeOf(error.response).toEqualTypeOf<HttpAnswer>();
      expectTypeOf(error.fault).toEqualTypeOf<ResponseFaultCode>();
    } else if (error.code === "connection-refused") {
      expectTypeOf(error.response).toEqualTypeOf<undefined>();
    }
    const unknown: unknown = error;
    if (unknown instanceof ConnectError && unknown.code === "http-status") {
      expectTypeOf(unknown.response.status).toEqualTypeOf<number>();
    }
  });

  test("comes as a rejection, never as an exception", () => {
    const connecting = connect(undefined as never);
    return expect(connecting).rejects.toThrow(TypeError);
  });
});
