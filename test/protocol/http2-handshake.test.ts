import { describe, expect, test } from "vitest";
import {
  type HandshakeFaultCode,
  type Http2HandshakeFaultCode,
  readHandshakeAgreement,
  readHttp2Handshake,
} from "../../src/protocol/index.js";

const right = {
  ":method": "CONNECT",
  ":protocol": "websocket",
  ":scheme": "https",
  ":authority": "example.com:8443",
  ":path": "/echo?room=1",
  "sec-websocket-version": "13",
};

/** The headers of a right handshake, with `changes`: undefined leaves one out, a list repeats it. */
function handshake(changes: Record<string, string | readonly string[] | undefined> = {}): string[] {
  return Object.entries({ ...right, ...changes }).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => [name, each]),
  );
}

describe("readHttp2Handshake", () => {
  test("RFC 8441 §5: reads an extended CONNECT", () => {
    expect(readHttp2Handshake(handshake())).toEqual({
      kind: "offer",
      path: "/echo?room=1",
      host: "example.com:8443",
      origin: undefined,
      subprotocols: [],
      extensions: [],
    });
  });

  test("reads origin, subprotocols and extensions as over HTTP/1.1", () => {
    const changes = {
      origin: "https://example.com",
      "sec-websocket-protocol": ["chat.v2, chat", "old"],
      "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
      "x-other": "1",
    };
    expect(readHttp2Handshake(handshake(changes))).toMatchObject({
      origin: "https://example.com",
      subprotocols: ["chat.v2", "chat", "old"],
      extensions: [{ name: "permessage-deflate" }],
    });
  });

  test("takes Host for :authority where there is none, and beside it where both name one server", () => {
    expect(readHttp2Handshake(handshake({ ":authority": undefined, host: "a.example" }))).toMatchObject({
      host: "a.example",
    });
    expect(readHttp2Handshake(handshake({ host: "EXAMPLE.com:8443" }))).toMatchObject({ host: "example.com:8443" });
  });

  test("RFC 8441 §5: does not look at a key", () => {
    expect(readHttp2Handshake(handshake({ "sec-websocket-key": "nonsense" }))).toMatchObject({ kind: "offer" });
  });

  test("ignores a name without a value at the end", () => {
    expect(readHttp2Handshake([...handshake(), "origin"])).toMatchObject({ origin: undefined });
  });

  test("ignores headers named like members of Object", () => {
    expect(readHttp2Handshake(handshake({ constructor: "x", __proto__: "y" }))).toMatchObject({ kind: "offer" });
  });

  test.each<[HandshakeFaultCode | Http2HandshakeFaultCode, Record<string, string | readonly string[] | undefined>]>([
    ["method-not-connect", { ":method": "GET" }],
    ["method-not-connect", { ":method": undefined }],
    ["protocol-not-websocket", { ":protocol": undefined }],
    ["protocol-not-websocket", { ":protocol": "connect-udp" }],
    ["target-missing", { ":scheme": undefined }],
    ["target-missing", { ":path": undefined }],
    ["target-missing", { ":path": "" }],
    ["host-repeated", { host: ["example.com:8443", "example.com:8443"] }],
    ["host-missing", { ":authority": undefined }],
    ["host-missing", { ":authority": "" }],
    ["host-differs", { host: "evil.example" }],
    ["request-has-body", { "content-length": "5" }],
    ["version-repeated", { "sec-websocket-version": ["13", "13"] }],
    ["version-unsupported", { "sec-websocket-version": undefined }],
    ["version-unsupported", { "sec-websocket-version": "8" }],
    ["origin-repeated", { origin: ["https://a.example", "https://b.example"] }],
    ["subprotocols-malformed", { "sec-websocket-protocol": "a, a" }],
    ["extensions-malformed", { "sec-websocket-extensions": "a;;" }],
  ])("finds %s in %j", (fault, changes) => {
    expect(readHttp2Handshake(handshake(changes))).toEqual({ kind: "refusal", fault });
  });

  test("takes a Content-Length of 0", () => {
    expect(readHttp2Handshake(handshake({ "content-length": "0" }))).toMatchObject({ kind: "offer" });
  });
});

describe("readHandshakeAgreement", () => {
  const expected = { subprotocols: ["chat"], deflate: undefined };

  function answer(rawHeaders: readonly string[]): ReturnType<typeof readHandshakeAgreement> {
    return readHandshakeAgreement({ status: 200, httpVersion: "2.0", rawHeaders }, expected);
  }

  test("RFC 8441 §5: needs no key, Upgrade or Connection", () => {
    expect(answer([])).toEqual({ kind: "agreement", subprotocol: "", deflate: undefined });
    expect(answer(["sec-websocket-protocol", "chat"])).toMatchObject({ subprotocol: "chat" });
  });

  test("holds the answer to what was offered", () => {
    expect(answer(["sec-websocket-protocol", "other"])).toEqual({ kind: "failure", fault: "subprotocol-not-offered" });
    expect(answer(["sec-websocket-extensions", "x"])).toEqual({ kind: "failure", fault: "extension-not-offered" });
  });
});
