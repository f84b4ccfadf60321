import type { HandshakeFaultCode } from "../../../src/protocol/handshake-fault.js";
import type { HandshakeRequest } from "../../../src/protocol/opening-handshake.js";
import { type Header, KEY, requestWith, required } from "./handshake-requests.js";

interface Violation {
  readonly what: string;
  readonly headers?: readonly Header[];
  readonly request?: Partial<HandshakeRequest>;
}

/** For every fault the ways to commit it, and the status that answers it. */
export const violations: Readonly<
  Record<HandshakeFaultCode, { readonly status: number; readonly by: readonly Violation[] }>
> = {
  "method-not-get": {
    status: 405,
    by: ["POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "get", "Get", "GET ", ""].map((method) => ({
      what: `RFC 6455 §4.2.1 (1): method ${JSON.stringify(method)}`,
      request: { method },
    })),
  },
  "http-version-too-old": {
    status: 505,
    by: ["0.9", "1.0", "", "x"].map((httpVersion) => ({
      what: `RFC 6455 §4.2.1 (1): HTTP version ${JSON.stringify(httpVersion)}`,
      request: { httpVersion },
    })),
  },
  "request-has-body": {
    status: 400,
    by: [
      ["Transfer-Encoding", "chunked"],
      ["Transfer-Encoding", "identity"],
      ["transfer-encoding", ""],
      ["Content-Length", "1"],
      ["Content-Length", "00"],
      ["Content-Length", "+0"],
      ["Content-Length", "-0"],
      ["Content-Length", ""],
      ["CONTENT-LENGTH", "0, 5"],
    ].map(([name, value]) => ({
      what: `RFC 6455 §4.1: bytes after the handshake announced by ${name}: ${value}`,
      headers: [...required, [name!, value!]],
    })),
  },
  "host-missing": {
    status: 400,
    by: [
      { what: "RFC 6455 §4.2.1 (2): no Host", headers: requestWith("Host") },
      { what: "RFC 6455 §4.2.1 (2): a Host that names no authority", headers: requestWith("Host", "") },
      {
        what: "RFC 6455 §4.2.1 (2): names like Host only",
        headers: [...requestWith("Host"), ["Hosts", "a"], ["X-Host", "a"], [" Host", "a"]],
      },
    ],
  },
  "host-repeated": {
    status: 400,
    by: [
      { what: "RFC 9112 §3.2: two of Host", headers: [...required, ["host", "other.example"]] },
      { what: "RFC 9112 §3.2: the same Host twice", headers: requestWith("Host", "a", "a") },
    ],
  },
  "upgrade-missing": {
    status: 426,
    by: [
      [],
      [""],
      ["h2c"],
      ["websockets"],
      ["websocket/13"],
      ["web socket"],
      ['"websocket"'],
      ["websoc\u212aet"],
      ["web", "socket"],
    ].map((values) => ({
      what: `RFC 6455 §4.2.1 (3): Upgrade ${JSON.stringify(values)}`,
      headers: requestWith("Upgrade", ...values),
    })),
  },
  "connection-without-upgrade": {
    status: 400,
    by: [[], [""], ["keep-alive"], ["close, x-upgrade"], ["upgrade;q=1"], ["Upgrade keep-alive"]].map((values) => ({
      what: `RFC 6455 §4.2.1 (4): Connection ${JSON.stringify(values)}`,
      headers: requestWith("Connection", ...values),
    })),
  },
  "version-repeated": {
    status: 400,
    by: [
      { what: "RFC 6455 §11.3.5: version 13 twice", headers: requestWith("Sec-WebSocket-Version", "13", "13") },
      { what: "RFC 6455 §11.3.5: versions 13 and 8", headers: requestWith("Sec-WebSocket-Version", "13", "8") },
    ],
  },
  "version-unsupported": {
    status: 426,
    by: [[], [""], ["12"], ["14"], ["8"], ["013"], ["13.0"], ["+13"], ["0x0d"], ["13, 8"], ["130"], ["1３"]].map(
      (values) => ({
        what: `RFC 6455 §4.4: Sec-WebSocket-Version ${JSON.stringify(values)}`,
        headers: requestWith("Sec-WebSocket-Version", ...values),
      }),
    ),
  },
  "origin-repeated": {
    status: 400,
    by: [
      {
        what: "RFC 6455 §4.2.1 (7): two of Origin",
        headers: [...required, ["Origin", "https://good.example"], ["origin", "https://evil.example"]],
      },
    ],
  },
  "key-missing": {
    status: 400,
    by: [{ what: "RFC 6455 §4.2.1 (5): no Sec-WebSocket-Key", headers: requestWith("Sec-WebSocket-Key") }],
  },
  "key-repeated": {
    status: 400,
    by: [
      {
        what: "RFC 6455 §11.3.1: two of Sec-WebSocket-Key",
        headers: requestWith("Sec-WebSocket-Key", KEY, "AAAAAAAAAAAAAAAAAAAAAA=="),
      },
      {
        what: "RFC 6455 §11.3.1: the same Sec-WebSocket-Key twice",
        headers: requestWith("Sec-WebSocket-Key", KEY, KEY),
      },
      { what: "RFC 6455 §11.3.1: a bad Sec-WebSocket-Key twice", headers: requestWith("Sec-WebSocket-Key", "", "") },
    ],
  },
  "key-invalid": {
    status: 400,
    by: [
      ["an empty key", ""],
      ["15 bytes", "AAAAAAAAAAAAAAAAAAAA"],
      ["17 bytes", "AAAAAAAAAAAAAAAAAAAAAAA="],
      ["18 bytes", "AAAAAAAAAAAAAAAAAAAAAAAA"],
      ["no padding", "AAAAAAAAAAAAAAAAAAAAAA"],
      ["half the padding", "AAAAAAAAAAAAAAAAAAAAAA="],
      ["too much padding", "AAAAAAAAAAAAAAAAAAAAAA==="],
      ["padding first", "==AAAAAAAAAAAAAAAAAAAAAA"],
      ["padding within", "AAAAAAAAAAA=AAAAAAAAAA=="],
      ["16 characters that are not base64", "0123456789abcdef"],
      ["the alphabet for URLs", "AAAAAAAAAAAAAAAAAAAA-_=="],
      ["white space before", ` ${"A".repeat(21)}==`],
      ["white space within", `AAAAAAAAAAA AAAAAAAAAA==`],
      ["white space after", "AAAAAAAAAAAAAAAAAAAAAA== "],
      ["two keys as a list", `${KEY},${KEY}`],
      ["a letter outside ASCII", "AAAAAAAAAAAAAAAAAAAAAé=="],
      ["characters just beside the alphabet", "@[`{/:.AAAAAAAAAAAAAAA=="],
    ].map(([what, key]) => ({
      what: `RFC 6455 §4.2.1 (5): ${what} (${JSON.stringify(key)})`,
      headers: requestWith("Sec-WebSocket-Key", key!),
    })),
  },
  "subprotocols-malformed": {
    status: 400,
    by: [["chat room"], [""], ["a,a"], ["a", "b,a"], ["a;b"], ["a\u0000"]].map((values) => ({
      what: `RFC 6455 §4.1 (10): Sec-WebSocket-Protocol ${JSON.stringify(values)}`,
      headers: [...required, ...values.map((value): Header => ["Sec-WebSocket-Protocol", value])],
    })),
  },
  "extensions-malformed": {
    status: 400,
    by: [["a;"], [""], ['a;b="'], ["a b"], ["a", "b;="]].map((values) => ({
      what: `RFC 6455 §9.1: Sec-WebSocket-Extensions ${JSON.stringify(values)}`,
      headers: [...required, ...values.map((value): Header => ["Sec-WebSocket-Extensions", value])],
    })),
  },
};
