import { Agent } from "node:http";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { connect, type ConnectOptions, QueuedBytesBudget } from "../../src/client/index.js";
import { connectOptionNames, resolveConnectOptions } from "../../src/client/connect-options.js";

interface Wrong {
  readonly type: RangeErrorConstructor | TypeErrorConstructor;
  readonly values: readonly unknown[];
}

const range = (...values: readonly unknown[]): Wrong => ({ type: RangeError, values });
const wrongType = (...values: readonly unknown[]): Wrong => ({ type: TypeError, values });
const TIMER_LIMIT = 2 ** 31 - 1;

/** For each option what it refuses, and values at the bounds of what it takes. */
const options: Record<keyof ConnectOptions, { readonly wrong: readonly Wrong[]; readonly right: readonly unknown[] }> =
  {
    headers: {
      wrong: [
        wrongType("X-A: a", 5, null, { "X A": "a" }, { "": "a" }),
        wrongType({ "X-A": "a", "x-a": "b" }, { Host: ["a", "b"] }, { host: "" }, new Map(), Promise.resolve({})),
        wrongType({ "X-A": "a\r\nX-B: b" }, { "X-A": "a\n" }, { "X-A": "a\0" }, { "X-A": ["a", "b\r"] }, { "X-A": 5 }),
        ...["Upgrade", "CONNECTION", "Sec-WebSocket-Key", "sec-websocket-protocol", "Sec-WebSocket-Anything"].map(
          (name) => wrongType({ [name]: "a" }),
        ),
        ...["Content-Length", "transfer-encoding", "Expect", "TE", "Trailer", "Origin"].map((name) =>
          wrongType({ [name]: "a" }),
        ),
      ],
      right: [{}, { "X-A": "a", "X-B": ["b", "c"], Authorization: "Bearer x", Cookie: "a=b", Host: "example.com" }],
    },
    subprotocols: {
      wrong: [
        range([""], ["a b"], ["a,b"], ["a\r\n"], ["é"], [5], [undefined], ["a", "a"]),
        wrongType("chat", 5, null, {}),
      ],
      right: [[], ["chat.v2", "!#$%&'*+-.^_`|~"], ["a", "A"]],
    },
    origin: { wrong: [wrongType("", "https://a\r\n", "a\0", 5, null, {})], right: ["https://example.com", "null"] },
    tls: {
      wrong: [wrongType("ca", 5, null, { cert: "x" }, { key: "x" }, { minVersion: "TLSv9" })],
      right: [{}, { rejectUnauthorized: false, servername: "a" }],
    },
    compression: {
      wrong: [wrongType("yes", 5, null, { level: "6" }), range({ windowBits: 8 })],
      right: [true, false, { level: 9, windowBits: 9, contextTakeover: false }],
    },
    handshakeTimeoutMs: timeout(),
    closeTimeoutMs: timeout(),
    pingIntervalMs: timeoutOrOff(),
    pongTimeoutMs: timeoutOrOff(),
    idleTimeoutMs: timeoutOrOff(),
    maxLifetimeMs: timeoutOrOff(),
    messageTimeoutMs: timeoutOrOff(),
    writeTimeoutMs: timeoutOrOff(),
    rateLimit: {
      wrong: [range({ burstSeconds: 0 }, { whenExceeded: "drop" }), wrongType(5, null, [], { perSecond: 1 })],
      right: [{}, { messagesPerSecond: 1, whenExceeded: "close" }],
    },
    observer: { wrong: [wrongType(5, null, { opend() {} })], right: [{}, [], [{ opened() {} }]] },
    queuedBytesBudget: { wrong: [wrongType(5, null, {})], right: [new QueuedBytesBudget(1)] },
    signal: { wrong: [wrongType("signal", 5, null, {}, new AbortController())], right: [new AbortController().signal] },
    agent: { wrong: [wrongType("agent", 5, null, {}, false)], right: [new Agent()] },
    dial: callback(),
    proxy: {
      wrong: [
        wrongType("proxy.example:3128", "none", "", 5, null, {}, "ftp://a", "ws://a:1", "http://a/path", "http://a/?b"),
        wrongType("http://a:b%ff@c", "http://a%3Ab:c@d", "socks5://user@a", `socks5://${"u".repeat(256)}:p@a`),
      ],
      right: ["http://u:p@127.0.0.1:1", "https://[::1]", new URL("socks5h://127.0.0.1:1"), "socks://a", "environment"],
    },
    proxyTls: {
      wrong: [wrongType("ca", 5, null, { cert: "x" })],
      right: [{}, { rejectUnauthorized: false }],
    },
    http2: { wrong: [wrongType("h2", 1, null, {})], right: [true, false] },
    cookies: {
      wrong: [wrongType("jar", 5, null, {}, { getCookieString: () => "" }, { setCookie: () => {} })],
      right: [{ getCookieString: () => "", setCookie: () => {} }],
    },
    followRedirects: { wrong: [range(-1, 21, 0.5, Number.NaN, Infinity), wrongType(true, "1", null)], right: [0, 20] },
    readBufferSize: bufferSize(),
    writeBufferSize: bufferSize(),
    maxMessageBytes: limit(),
    maxFrameBytes: limit(),
    maxFragments: limit(),
    maxBufferedBytes: limit(),
    highWaterMark: { wrong: [range(0, -1, 1.5), wrongType("1", null)], right: [1] },
    lowWaterMark: { wrong: [range(-1, 0.5, 256 * 1024), wrongType("1", null)], right: [0] },
    messageTypes: { wrong: [range("json", 5, null)], right: ["any", "text", "binary"] },
    data: { wrong: [], right: [null, 5, {}] },
    onError: callback(),
  };

function bufferSize() {
  return {
    wrong: [range(0, -1, 255, 16 * 2 ** 20 + 1, 1000.5, Number.NaN, Infinity), wrongType("64k", null, {}, 5n)],
    right: [256, 16 * 2 ** 20],
  };
}

function limit() {
  return { wrong: [range(0, -1, 1.5, 2 ** 53), wrongType("1", null)], right: [1, Infinity] };
}

function timeout() {
  return { wrong: [range(0, -1, 0.5, Infinity, TIMER_LIMIT + 1), wrongType("1s", null)], right: [1, TIMER_LIMIT] };
}

function timeoutOrOff() {
  return { wrong: [range(-1, 0.5, Infinity, TIMER_LIMIT + 1), wrongType("1s", null)], right: [0, 1, TIMER_LIMIT] };
}

function callback() {
  return { wrong: [wrongType("function", 5, null, {})], right: [() => undefined] };
}

/** A port where nobody listens: what is refused before must be refused for another reason. */
const NOWHERE = "ws://127.0.0.1:1/";

describe("connect()", () => {
  test("has the options that are tested here and no others", () => {
    expect(connectOptionNames.toSorted()).toEqual(Object.keys(options).toSorted());
  });

  for (const [name, { wrong, right }] of Object.entries(options)) {
    for (const { type, values } of wrong) {
      for (const value of values) {
        test(`refuses ${name}: ${inspect(value)} with a ${type.name} that names it`, async () => {
          const failure: unknown = await connect(NOWHERE, { [name]: value }).catch((error: unknown) => error);
          expect(failure).toBeInstanceOf(type);
          expect((failure as Error).message).toContain(name);
        });
      }
    }

    test(`takes ${name} up to its bounds, and undefined as if it were not there`, () => {
      for (const value of [...right, undefined]) {
        expect(resolveConnectOptions({ [name]: value })).toHaveProperty("handshakeTimeoutMs");
      }
    });
  }

  test("says what it got and what it takes", async () => {
    await expect(connect(NOWHERE, { followRedirects: 30 })).rejects.toThrow(
      "option followRedirects got 30; it takes an integer from 0 to 20",
    );
    await expect(connect(NOWHERE, { headers: { Upgrade: "h2c" } })).rejects.toThrow(
      "option headers may not set the header Upgrade: the handshake does",
    );
    await expect(connect(NOWHERE, { subprotocols: ["a", "a"] })).rejects.toThrow(
      'option subprotocols got "a" twice; each is offered once (RFC 6455 §4.1)',
    );
  });

  test.each<[unknown, string]>([
    [undefined, "undefined"],
    [["a", null], "null"],
    [5, "number"],
  ])("says of a header's value that is no text what it is: %s", async (value, kind) => {
    await expect(connect(NOWHERE, { headers: { Authorization: value } as never })).rejects.toThrow(
      `option headers got a value for the header Authorization that is ${kind}; it takes a string or a list of strings`,
    );
  });

  test("refuses an option that it does not have, so that a typing error does not pass", async () => {
    await expect(connect(NOWHERE, { perMessageDeflate: true } as never)).rejects.toThrow(
      'connect has no option "perMessageDeflate"',
    );
    await expect(connect(NOWHERE, null as never)).rejects.toThrow("connect takes an object of options; it got null");
  });

  test("refuses two ways to the server, and two sources of credentials", async () => {
    const dial = () => new Promise<never>(() => {});
    await expect(connect(NOWHERE, { agent: new Agent(), dial })).rejects.toThrow("option dial");
    const headers = { authorization: "Bearer x" };
    await expect(connect("ws://ada:secret@127.0.0.1:1/", { headers })).rejects.toThrow(
      /url has credentials and option headers/,
    );
  });

  test("does not show a wrong header's value, which may be a secret", async () => {
    const headers = { Authorization: "Bearer s3cr3t\r\n" };
    await expect(connect(NOWHERE, { headers })).rejects.not.toThrow("s3cr3t");
  });
});
