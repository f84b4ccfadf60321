import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { resolveConnectionOptions } from "../../src/connection/index.js";
import { QueuedBytesBudget, Upgrader, type UpgraderOptions } from "../../src/server/index.js";
import { upgraderOptionNames } from "../../src/server/upgrader-options.js";

interface Wrong {
  readonly type: RangeErrorConstructor | TypeErrorConstructor;
  readonly values: readonly unknown[];
}

const range = (...values: readonly unknown[]): Wrong => ({ type: RangeError, values });
const wrongType = (...values: readonly unknown[]): Wrong => ({ type: TypeError, values });
const TIMER_LIMIT = 2 ** 31 - 1;

/** For each option what it refuses, and values at the bounds of what it takes. */
const options: Record<keyof UpgraderOptions, { readonly wrong: readonly Wrong[]; readonly right: readonly unknown[] }> =
  {
    readBufferSize: bufferSize(),
    writeBufferSize: bufferSize(),
    maxMessageBytes: limit(),
    maxFrameBytes: limit(),
    maxFragments: limit(),
    maxConnections: limit(),
    maxConnectionsPerAddress: limit(),
    maxBufferedBytes: limit(),
    highWaterMark: {
      wrong: [range(0, -1, 1.5, Number.NaN, Infinity), wrongType("1", null)],
      right: [1, Number.MAX_SAFE_INTEGER],
    },
    lowWaterMark: {
      wrong: [range(-1, 0.5, 256 * 1024, Infinity), wrongType("1", null)],
      right: [0, 256 * 1024 - 1],
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
      right: [{}, { messagesPerSecond: 1, bytesPerSecond: Infinity, burstSeconds: 3_600, whenExceeded: "close" }],
    },
    observer: { wrong: [wrongType(5, null, { opend() {} })], right: [{}, [], [{ opened() {} }]] },
    queuedBytesBudget: {
      wrong: [wrongType(5, null, {}, QueuedBytesBudget)],
      right: [new QueuedBytesBudget(1), new QueuedBytesBudget(Infinity)],
    },
    messageTypes: { wrong: [range("json", 5, null, ["text"])], right: ["any", "text", "binary"] },
    compression: {
      wrong: [wrongType("yes", 5, null, { level: "6" }, { threshold: 1 }), range({ level: 0 }, { windowBits: 8 })],
      right: [true, false, {}, { level: 9, windowBits: 9, contextTakeover: false }],
    },
    subprotocols: {
      wrong: [range([""], ["a b"], ["a,b"], ["a\r\n"], ["é"], [5], [undefined]), wrongType("chat", 5, null, {})],
      right: [[], ["chat.v2", "!#$%&'*+-.^_`|~"], () => undefined],
    },
    checkOrigin: {
      wrong: [
        range(["example.com"], ["*"], [""], ["https://"], [5], [undefined]),
        wrongType("https://a.example", 5, null, {}),
      ],
      right: ["any", "same-host", [], ["https://a.example", "https://*.a.example:8443", "app://mine"], () => true],
    },
    checkHost: {
      wrong: [
        range(["example.com:8080"], ["http://example.com"], [""], ["::1"], ["[::1]:80"], [5], [undefined]),
        wrongType("example.com", 5, null, {}),
      ],
      right: ["any", [], ["example.com", "EXAMPLE.ORG", "192.0.2.1", "[::1]"], () => true],
    },
    trustProxy: {
      wrong: [
        range(0, 33, 1.5, Number.NaN, ["10.0.0.0/33"], ["example.com"], ["::ffff:192.0.2.1/24"], ["10.0.0.0/8/8"], [5]),
        range({ from: ["loopback"], headers: "x-real-ip" }, { from: 0 }),
        wrongType(true, null, "loopback", [], {}, { from: [] }, { from: 1, hops: 1 }, { from: 1, host: "yes" }),
      ],
      right: [
        false,
        1,
        32,
        ["loopback", "private", "unix", "192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "::1"],
        { from: 2, headers: "forwarded", host: true, proxyProtocol: true },
      ],
    },
    responseHeaders: {
      wrong: [wrongType("X-A: a", 5, null, { "X-A": "a\r\n" })],
      right: [{}, { "X-A": "a" }, () => ({})],
    },
    authorize: callback(),
    onRefused: callback(),
    onError: callback(),
  };

function bufferSize() {
  return {
    wrong: [range(0, -1, 255, 16 * 2 ** 20 + 1, 1000.5, Number.NaN, Infinity), wrongType("64k", null, {}, 5n)],
    right: [256, 16 * 2 ** 20],
  };
}

function limit() {
  return {
    wrong: [range(0, -1, 1.5, Number.NaN, -Infinity, 2 ** 53), wrongType("1", null, {}, 5n)],
    right: [1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, Infinity],
  };
}

function timeout() {
  return {
    wrong: [range(0, -1, 0.5, Number.NaN, Infinity, TIMER_LIMIT + 1), wrongType("1s", null)],
    right: [1, TIMER_LIMIT],
  };
}

function timeoutOrOff() {
  return {
    wrong: [range(-1, 0.5, Number.NaN, Infinity, TIMER_LIMIT + 1), wrongType("1s", null)],
    right: [0, 1, TIMER_LIMIT],
  };
}

function callback() {
  return { wrong: [wrongType("function", 5, null, {})], right: [() => undefined] };
}

describe("an upgrader", () => {
  test("has the options that are tested here and no others", () => {
    expect(upgraderOptionNames.toSorted()).toEqual(Object.keys(options).toSorted());
  });

  for (const [name, { wrong, right }] of Object.entries(options)) {
    for (const { type, values } of wrong) {
      for (const value of values) {
        test(`refuses ${name}: ${inspect(value)} with a ${type.name} that names it`, () => {
          expect(() => new Upgrader({ [name]: value })).toThrow(type);
          expect(() => new Upgrader({ [name]: value })).toThrow(name);
        });
      }
    }

    test(`takes ${name} up to its bounds, and undefined as if it were not there`, () => {
      for (const value of [...right, undefined]) expect(new Upgrader({ [name]: value })).toBeInstanceOf(Upgrader);
    });
  }

  test("says what it got and what it takes", () => {
    expect(() => new Upgrader({ readBufferSize: 100 })).toThrow(
      "option readBufferSize got 100; it takes an integer from 256 to 16777216",
    );
    expect(() => new Upgrader({ maxFragments: "many" as never })).toThrow(
      'option maxFragments got "many"; it takes a positive integer, or Infinity for no limit',
    );
  });

  test("refuses an option that it does not have, so that a typing error does not pass", () => {
    expect(() => new Upgrader({ maxMesageBytes: 5 } as never)).toThrow('Upgrader has no option "maxMesageBytes"');
  });

  test("takes a low mark that lies below the high one only", () => {
    expect(() => new Upgrader({ highWaterMark: 100, lowWaterMark: 100 })).toThrow("lowWaterMark");
    expect(new Upgrader({ highWaterMark: 100, lowWaterMark: 99 })).toBeInstanceOf(Upgrader);
    expect(new Upgrader({ highWaterMark: 1 })).toBeInstanceOf(Upgrader);
  });

  test("allows more fragments where it allows longer messages", () => {
    const fragmentsFor = (maxMessageBytes: number): number =>
      resolveConnectionOptions({ maxMessageBytes }).limits.maxFragments;
    expect(fragmentsFor(1)).toBe(16_384);
    expect(fragmentsFor(2 ** 28)).toBe(16_384);
    expect(fragmentsFor(2 ** 28 + 1)).toBe(16_385);
    expect(fragmentsFor(2 ** 32)).toBe(262_144);
    expect(fragmentsFor(Infinity)).toBe(Infinity);
  });

  test("wants the high mark at most at maxBufferedBytes, which lowers its default", () => {
    expect(() => new Upgrader({ highWaterMark: 1025, maxBufferedBytes: 1024 })).toThrow("highWaterMark");
    expect(new Upgrader({ highWaterMark: 1024, maxBufferedBytes: 1024 })).toBeInstanceOf(Upgrader);
    expect(resolveConnectionOptions({ maxBufferedBytes: 1024 })).toMatchObject({ highWaterMark: 1024 });
    expect(resolveConnectionOptions({ highWaterMark: 2 ** 30 })).toMatchObject({ maxBufferedBytes: 2 ** 30 });
  });
});
