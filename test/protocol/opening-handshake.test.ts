import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HandshakeFaultCode, handshakeFaults } from "../../src/protocol/handshake-fault.js";
import { ACCEPT_GUID, readHandshake, WEBSOCKET_VERSION } from "../../src/protocol/opening-handshake.js";
import { countCharacterReads } from "./support/character-reads.js";
import {
  type Header,
  KEY,
  offerOf,
  readRequest,
  refusal,
  requestWith,
  required,
} from "./support/handshake-requests.js";
import { violations } from "./support/handshake-violations.js";

describe("an opening handshake is refused for", () => {
  for (const [code, { by }] of Object.entries(violations)) {
    for (const { what, headers = required, request } of by) {
      test(`${what}: ${code}`, () => {
        expect(readRequest(headers, request)).toEqual(refusal(code as HandshakeFaultCode));
      });
    }
  }

  test("every reason that the table of faults has, and no other", () => {
    expect(Object.keys(violations).toSorted()).toEqual(Object.keys(handshakeFaults).toSorted());
  });
});

describe("the table of handshake faults", () => {
  test.each(Object.entries(violations))("answers %s with the status that the RFCs ask for", (code, { status }) => {
    expect(handshakeFaults[code as HandshakeFaultCode].status).toBe(status);
  });
});

describe("an opening handshake is accepted", () => {
  test("RFC 6455 §4.2.1: with what is required and nothing else", () => {
    expect(readRequest(required)).toEqual(offerOf());
  });

  test("RFC 6455 §1.2: as in the example of the RFC", () => {
    const headers: readonly Header[] = [
      ...required,
      ["Origin", "http://example.com"],
      ["Sec-WebSocket-Protocol", "chat, superchat"],
    ];
    expect(readRequest(headers)).toEqual(
      offerOf({ origin: "http://example.com", subprotocols: ["chat", "superchat"] }),
    );
  });

  test.each(["1.1", "1.2", "2.0", "3.0", "2"])("RFC 6455 §4.2.1 (1): over HTTP version %s", (httpVersion) => {
    expect(readRequest(required, { httpVersion })).toEqual(offerOf());
  });

  test("RFC 6455 §4.2.1: with header names in any case", () => {
    expect(readRequest(required.map(([name, value]) => [name.toUpperCase(), value]))).toEqual(offerOf());
    expect(readRequest(required.map(([name, value]) => [name.toLowerCase(), value]))).toEqual(offerOf());
  });

  test("with its headers in any order", () => {
    expect(readRequest(required.toReversed())).toEqual(offerOf());
  });

  test.each([[["WebSocket"]], [["WEBSOCKET"]], [["h2c, websocket"]], [["h2c", "websocket"]], [[" \t websocket\t,"]]])(
    "RFC 6455 §4.2.1 (3): with Upgrade %j",
    (values) => {
      expect(readRequest(requestWith("Upgrade", ...values))).toEqual(offerOf());
    },
  );

  test.each([[["upgrade"]], [["UPGRADE"]], [["keep-alive, Upgrade"]], [["keep-alive", "Upgrade"]], [["Upgrade,"]]])(
    "RFC 6455 §4.2.1 (4): with Connection %j",
    (values) => {
      expect(readRequest(requestWith("Connection", ...values))).toEqual(offerOf());
    },
  );

  test.each([
    "AAAAAAAAAAAAAAAAAAAAAA==",
    "zzzzzzzzzzzzzzzzzzzzzz==",
    "ZZZZZZZZZZZZZZZZZZZZZQ==",
    "0123456789+/0123456789==",
    "+/+/+/+/+/+/+/+/+/+/+w==",
    "//////////////////////==",
  ])("RFC 6455 §4.2.1 (5): with the key %s, which decodes to 16 bytes", (key) => {
    expect(Buffer.from(key, "base64")).toHaveLength(16);
    expect(readRequest(requestWith("Sec-WebSocket-Key", key))).toEqual(offerOf({ key }));
  });

  test.each(["https://example.com", "null", ""])("RFC 6455 §4.2.1 (7): with Origin %j, which it hands on", (origin) => {
    expect(readRequest([...required, ["Origin", origin]])).toEqual(offerOf({ origin }));
  });

  test("RFC 6455 §4.2.1 (8): with subprotocols, from several headers too", () => {
    const headers: readonly Header[] = [
      ...required,
      ["sec-websocket-protocol", "b,a"],
      ["Sec-WebSocket-Protocol", "c"],
    ];
    expect(readRequest(headers)).toEqual(offerOf({ subprotocols: ["b", "a", "c"] }));
  });

  test("RFC 6455 §4.2.1 (9): with extensions, from several headers too", () => {
    const headers: readonly Header[] = [
      ...required,
      ["Sec-WebSocket-Extensions", "foo; a=1"],
      ["Sec-WebSocket-Extensions", "bar"],
    ];
    const foo = { name: "foo", parameters: [{ name: "a", value: "1" }] };
    expect(readRequest(headers)).toEqual(offerOf({ extensions: [foo, { name: "bar", parameters: [] }] }));
  });

  test("RFC 6455 §4.2.1 (10): with other headers, which are not looked at", () => {
    const others = ["__proto__", "constructor", "toString", "hasOwnProperty", "Cookie", "Sec-WebSocket-Accept", ""];
    const headers = [
      ...required,
      ...others.flatMap((name): Header[] => [
        [name, "a"],
        [name, "\0 b"],
      ]),
    ];
    expect(readRequest(headers)).toEqual(offerOf());
  });

  test.each(["0"])("with Content-Length: %s, which announces nothing, even twice", (value) => {
    expect(readRequest([...required, ["Content-Length", value], ["content-length", value]])).toEqual(offerOf());
  });

  test("with a name without a value at the end of its headers, as no parser gives it", () => {
    expect(readHandshake({ method: "GET", httpVersion: "1.1", rawHeaders: [...required.flat(), "Host"] })).toEqual(
      offerOf(),
    );
  });
});

describe("an opening handshake", () => {
  test("with several faults is refused for the first in the order of the table", () => {
    const bad: Record<string, readonly string[]> = {
      "Content-Length": ["5"],
      Host: [],
      Upgrade: [],
      Connection: [],
      "Sec-WebSocket-Version": ["8", "13"],
      Origin: ["a", "b"],
      "Sec-WebSocket-Key": [],
      "Sec-WebSocket-Protocol": ["a b"],
      "Sec-WebSocket-Extensions": [";"],
    };
    const request = { method: "POST", httpVersion: "1.0" };
    /** What to mend so that the next fault shows, in the order of the table. */
    const mend: readonly (() => unknown)[] = [
      () => (request.method = "GET"),
      () => (request.httpVersion = "1.1"),
      () => delete bad["Content-Length"],
      () => (bad["Host"] = ["a", "b"]),
      () => (bad["Host"] = ["a"]),
      () => (bad["Upgrade"] = ["websocket"]),
      () => (bad["Connection"] = ["Upgrade"]),
      () => (bad["Sec-WebSocket-Version"] = ["8"]),
      () => (bad["Sec-WebSocket-Version"] = ["13"]),
      () => (bad["Origin"] = ["a"]),
      () => (bad["Sec-WebSocket-Key"] = ["bad", "bad"]),
      () => (bad["Sec-WebSocket-Key"] = ["bad"]),
      () => (bad["Sec-WebSocket-Key"] = [KEY]),
      () => delete bad["Sec-WebSocket-Protocol"],
      () => delete bad["Sec-WebSocket-Extensions"],
    ];
    const reported = mend.map((step) => {
      const headers = Object.entries(bad).flatMap(([name, values]) => values.map((value): Header => [name, value]));
      const result = readRequest(headers, request);
      step();
      return result.kind === "refusal" ? result.fault : "none";
    });
    expect(reported).toEqual(Object.keys(handshakeFaults));
  });

  test("of any headers never throws", () => {
    const name = fc.oneof(
      fc.constantFrom(...required.map(([each]) => each), "Origin", "Sec-WebSocket-Extensions"),
      fc.string(),
    );
    const value = fc.oneof(fc.constantFrom(...required.map(([, each]) => each), ""), fc.string());
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), fc.boolean(), (headers, isComplete) => {
        const result = readRequest(isComplete ? [...required, ...headers] : headers);
        if (result.kind === "offer") expect([result.key, result.host]).toEqual([KEY, "server.example.com"]);
        else expect(handshakeFaults).toHaveProperty(result.fault);
      }),
      { numRuns: 300 },
    );
  });

  test("of any key is accepted only where the key is the base64 of 16 bytes", () => {
    const nearlyKey = fc.string({
      unit: fc.constantFrom("A", "z", "0", "+", "/", "=", "-", " "),
      minLength: 20,
      maxLength: 26,
    });
    const anyKey = fc.oneof(
      nearlyKey,
      nearlyKey.map((key) => `${key.replaceAll(/[= -]/g, "Q").slice(0, 22)}==`),
      fc.uint8Array({ minLength: 15, maxLength: 17 }).map((bytes) => Buffer.from(bytes).toString("base64")),
    );
    fc.assert(
      fc.property(anyKey, (key) => {
        const isKey = /^[A-Za-z0-9+/]{22}==$/.test(key);
        expect(readRequest(requestWith("Sec-WebSocket-Key", key))).toEqual(
          isKey ? offerOf({ key }) : refusal("key-invalid"),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("of 64 KiB of one header or of many is read in a few steps a character", () => {
    const long = "a,".repeat(32 * 1024);
    const names = ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "X-Other"];
    for (const name of names) {
      const reads = countCharacterReads(() => readRequest([...required, [name, long]]));
      expect(reads, name).toBeLessThanOrEqual(5 * long.length);
    }
    const many = Array.from({ length: 16 * 1024 }, (_, index): Header => ["Upgrade", `a${index % 10}`]);
    expect(countCharacterReads(() => readRequest([...many, ...required]))).toBeLessThanOrEqual(10 * 2 * many.length);
  });
});

describe("RFC 6455 §1.3: the accept key", () => {
  test("of the example is the hash of the key and the GUID", () => {
    const accept = createHash("sha1")
      .update(KEY + ACCEPT_GUID)
      .digest("base64");
    expect(accept).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });

  test("RFC 6455 §4.1 (9): belongs to version 13", () => {
    expect(WEBSOCKET_VERSION).toBe("13");
  });
});
